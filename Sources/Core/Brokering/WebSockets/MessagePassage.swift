package import Redaction

/// What a program sends over a WebSocket on its way to the service: read, searched, and written anew under masks of our own.
///
/// A message is one frame once it is whole. One that is longer than what is kept back goes on in fragments, so far behind what came that what a service has
/// of it tells nothing of what is held.
package struct MessagePassage: Sendable {
    private var reader = FrameReader(of: .program)
    private var writer = MessageWriter()
    private var messages: PayloadWatch
    private var controls: PayloadWatch
    private var delay = ContentDelay()
    private let mask: @Sendable () -> UInt32
    /// How many bytes of frames have gone on.
    private var byteCount: Int64 = 0

    /// - Parameter mask: draws a mask that nobody foresees.
    package init(_ tokens: SessionTokens, mask: @escaping @Sendable () -> UInt32) {
        (messages, controls, self.mask) = (PayloadWatch(tokens), PayloadWatch(tokens), mask)
    }

    /// Whether the program said that it ends.
    package var hasClosed: Bool { reader.hasClosed }

    /// Looks for these tokens from here on: more of them come while it is open.
    package mutating func know(_ tokens: SessionTokens) {
        messages.know(tokens)
        controls.know(tokens)
    }

    /// Looks for these real values from here on.
    package mutating func know(_ values: NeedleSet) {
        messages.know(values)
        controls.know(values)
    }

    /// Appends the frames that go on; says why nothing more may, if so.
    package mutating func pass(_ bytes: [UInt8], into output: inout [UInt8]) -> ExchangeStop? {
        let start = output.count
        defer { byteCount += Int64(output.count - start) }
        var events: [FrameReader.Event] = []
        var refusal: FrameRefusal?
        do throws(FrameRefusal) { try reader.read(bytes, into: &events) } catch { refusal = error }
        do throws(ExchangeStop) {
            for event in events { try take(event, sent: byteCount + Int64(output.count - start), into: &output) }
        } catch { return error }
        return refusal.map(ExchangeStop.frames)
    }

    private mutating func take(_ event: FrameReader.Event, sent: Int64, into output: inout [UInt8]) throws(ExchangeStop) {
        switch event {
        case .control(let kind, let payload):
            var clean: [UInt8] = []
            try controls.pass(payload, isWhole: true, sent: sent, into: &clean)
            Frame.write(kind, clean, mask: mask(), into: &output)
        case .message(let kind, let piece, let isLast):
            delay.settled = try messages.settle(delay.content, upTo: delay.settled, sent: sent)
            var clean: [UInt8] = []
            try messages.pass(piece, isWhole: isLast, sent: sent, into: &clean)
            delay.receive(piece, settling: clean.count)
            let due = isLast ? delay.flush() : delay.takeDue()
            if isLast || !due.isEmpty { writer.write(kind, due, isLast: isLast, mask: mask(), into: &output) }
        }
    }
}
