/// Reads the frames of one side of a WebSocket from its bytes, however they are cut. What is not written as RFC 6455 §5 has it is refused.
///
/// It holds a frame's head, or a control frame, and nothing of a message: pieces of messages are given as they come.
package struct FrameReader: Sendable {
    package enum Event: Sendable, Equatable {
        /// A piece of a text or binary message, without its mask; `isLast` with its end.
        case message(FrameKind, [UInt8], isLast: Bool)
        /// A ping, pong or close, whole.
        case control(FrameKind, [UInt8])
    }

    private struct Payload {
        let kind: FrameKind
        let isLast: Bool
        let key: [UInt8]?
        var left: UInt64
        var offset = 0
    }

    private let side: FrameSide
    /// Of a frame's head, as long as it is not whole.
    private var head: [UInt8] = []
    private var payload: Payload?
    /// Of a control frame, as long as it is not whole.
    private var control: [UInt8] = []
    /// The kind of the message that has begun and not ended.
    private var message: FrameKind?
    /// Whether a close frame came: nothing may follow it.
    package private(set) var hasClosed = false

    package init(of side: FrameSide) { self.side = side }

    /// Whether neither a frame nor a message is half there.
    package var isBetweenMessages: Bool { head.isEmpty && payload == nil && message == nil }

    /// Takes bytes and appends what they tell. What stands before what is refused is told all the same.
    package mutating func read(_ bytes: [UInt8], into events: inout [Event]) throws(FrameRefusal) {
        var rest = bytes[...]
        while !rest.isEmpty {
            if payload == nil { try readHead(&rest) }
            guard var current = payload else { continue }
            var piece = Array(rest.prefix(Int(clamping: current.left)))
            rest = rest.dropFirst(piece.count)
            if let key = current.key { Frame.apply(key, from: current.offset, to: &piece, from: 0) }
            current.left -= UInt64(piece.count)
            current.offset = (current.offset + piece.count) & 3
            payload = current.left == 0 ? nil : current
            try tell(piece, of: current, into: &events)
        }
    }

    /// Takes a frame's head byte by byte: what is wrong with it is known at its second byte, or where its length is whole.
    private mutating func readHead(_ rest: inout ArraySlice<UInt8>) throws(FrameRefusal) {
        while let byte = rest.popFirst() {
            guard !hasClosed else { throw .behindClose }
            head.append(byte)
            if head.count == 2 { try check(head[0], head[1]) }
            guard head.count >= 2, head.count == headLength else { continue }
            try begin()
            return
        }
    }

    /// How long the head is, by its second byte.
    private var headLength: Int {
        let lengthBytes = [126: 2, 127: 8][head[1] & 0x7f] ?? 0
        return 2 + lengthBytes + (side == .program ? 4 : 0)
    }

    private func check(_ first: UInt8, _ second: UInt8) throws(FrameRefusal) {
        guard first & 0x70 == 0, let kind = FrameKind(rawValue: first & 0x0f) else { throw .reserved }
        guard (second & 0x80 != 0) == (side == .program) else { throw .mask }
        switch kind {
        case .close, .ping, .pong: guard first & 0x80 != 0, second & 0x7f <= Frame.mostControlBytes else { throw .control }
        case .continuation: guard message != nil else { throw .fragment }
        case .text, .binary: guard message == nil else { throw .fragment }
        }
    }

    private mutating func begin() throws(FrameRefusal) {
        guard let kind = FrameKind(rawValue: head[0] & 0x0f) else { throw .reserved }
        let key = side == .program ? Array(head.suffix(4)) : nil
        let length = try length(head.dropFirst(2).dropLast(key?.count ?? 0))
        payload = Payload(kind: kind, isLast: head[0] & 0x80 != 0, key: key, left: length)
        head = []
        if !kind.isControl, kind != .continuation { message = kind }
    }

    private func length(_ bytes: ArraySlice<UInt8>) throws(FrameRefusal) -> UInt64 {
        let length = bytes.isEmpty ? UInt64(head[1] & 0x7f) : bytes.reduce(0) { $0 << 8 | UInt64($1) }
        guard length <= Int64.max else { throw .length }
        guard bytes.isEmpty || length > (bytes.count == 2 ? Frame.mostShort : Frame.mostMiddle) else { throw .length }
        return length
    }

    private mutating func tell(_ piece: [UInt8], of frame: Payload, into events: inout [Event]) throws(FrameRefusal) {
        let isWhole = frame.left == 0
        guard frame.kind.isControl else {
            let isLast = isWhole && frame.isLast
            if let message, !piece.isEmpty || isLast { events.append(.message(message, piece, isLast: isLast)) }
            if isLast { message = nil }
            return
        }
        control += piece
        guard isWhole else { return }
        let whole = control
        control = []
        if frame.kind == .close {
            guard Self.isClose(whole) else { throw .close }
            hasClosed = true
        }
        events.append(.control(frame.kind, whole))
    }

    /// Nothing, or a code that may be sent (RFC 6455 §7.4, and what is registered besides) and a reason in UTF-8.
    private static func isClose(_ payload: [UInt8]) -> Bool {
        guard !payload.isEmpty else { return true }
        guard payload.count >= 2, String(validating: payload.dropFirst(2), as: UTF8.self) != nil else { return false }
        switch Int(payload[0]) << 8 | Int(payload[1]) {
        case 1000...1003, 1007...1014, 3000...4999: return true
        default: return false
        }
    }
}
