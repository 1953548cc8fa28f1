import Glibc
import TacitClient
import TacitWire

/// A run whose whole input is known before: feeds it as fast as the command reads, and passes every frame on.
struct FedRun {
    private let stream: RunStream
    private var input: ArraySlice<UInt8>
    private var credit = RunFrame.initialCredit
    private var isInputEnded = false
    private var isOver = false

    init(_ stream: RunStream, _ input: [UInt8]) { (self.stream, self.input) = (stream, input[...]) }

    /// Carries the run to its end; one that has none is an error.
    consuming func carry(to receive: (RunFrame) -> Void) throws(ClientError) {
        while !isOver && !stream.isAtEnd {
            feed()
            stream.flush()
            var waiting = pollfd(fd: stream.descriptor, events: Int16(POLLIN | (stream.hasUnsent ? POLLOUT : 0)), revents: 0)
            if !stream.hasBuffered { unsafe poll(&waiting, 1, -1) }
            for frame in try stream.receive() {
                if case .stdinCredit(let count) = frame { credit += count }
                if case .exit = frame { isOver = true }
                receive(frame)
            }
        }
        guard isOver else { throw .brokenOff }
    }

    private mutating func feed() {
        while !input.isEmpty, credit > 0, !stream.hasUnsent {
            let piece = input.prefix(min(credit, RunFrame.maximumPayload))
            input = input.dropFirst(piece.count)
            credit -= piece.count
            stream.send(.stdin(Array(piece)))
        }
        if input.isEmpty, !isInputEnded {
            isInputEnded = true
            stream.send(.stdinEnd)
        }
    }
}
