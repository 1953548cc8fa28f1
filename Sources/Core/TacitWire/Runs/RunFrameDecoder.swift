/// Cuts a stream of bytes, in whatever pieces it comes, into the frames of one sender. It never holds more than one frame and one piece.
public struct RunFrameDecoder: Sendable {
    private let sender: RunFrame.Sender
    private var buffer: [UInt8] = []
    private var position = 0

    /// Makes a decoder of the frames that `sender` may send; any other is an error. The keeper passes on what the client sends.
    public init(from sender: RunFrame.Sender) { self.sender = sender }

    private func takes(_ kind: RunFrame.Kind) -> Bool { kind.sender == sender || sender == .keeper && kind.sender == .client }

    /// Whether part of a frame has been received: a stream that ends here was cut.
    public var isWithinFrame: Bool { position < buffer.count }

    /// Takes bytes in.
    public mutating func append(_ bytes: some Collection<UInt8>) {
        if position > 0 {
            buffer.removeFirst(position)
            position = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next whole frame; nil when more bytes are needed. After an error the stream is of no use any more.
    public mutating func next() throws(RunFrameError) -> RunFrame? {
        let available = buffer.count - position
        guard available >= 1 else { return nil }
        guard let kind = RunFrame.Kind(rawValue: buffer[position]), takes(kind) else { throw .unknownKind(buffer[position]) }
        guard available >= 5 else { return nil }
        let length = buffer[(position + 1)..<(position + 5)].reduce(0) { $0 << 8 | Int($1) }
        guard length <= kind.maximumLength else { throw .tooLong(kind, length) }
        guard available >= 5 + length else { return nil }
        let payload = buffer[(position + 5)..<(position + 5 + length)]
        position += 5 + length
        guard let frame = RunFrame(kind, payload) else { throw .malformed(kind) }
        return frame
    }
}

/// Why bytes are no frames.
public enum RunFrameError: Error, Equatable, Sendable {
    case unknownKind(UInt8)
    case tooLong(RunFrame.Kind, Int)
    case malformed(RunFrame.Kind)

    /// One sentence in lower case.
    public var message: String {
        switch self {
        case .unknownKind(let byte): "a run's stream has a frame of the unknown kind \(byte)"
        case .tooLong(let kind, let length): "a run's stream has a \(kind) frame of \(length) bytes"
        case .malformed(let kind): "a run's stream has a malformed \(kind) frame"
        }
    }
}

extension RunFrame.Kind {
    /// The longest payload of the kind.
    var maximumLength: Int {
        switch self {
        case .stdin, .terminalInput, .stdout, .stderr, .report, .exit, .answered, .candidate: RunFrame.maximumPayload
        case .stdinEnd, .resume, .timedOut, .terminalFree, .mayLeave, .leave, .withhold, .refuse: 0
        case .windowSize, .signal, .started, .stdinCredit, .terminalCredit, .stopped: 4
        }
    }
}

extension RunFrame {
    init?(_ kind: Kind, _ payload: ArraySlice<UInt8>) {
        let number = payload.count == 4 ? payload.reduce(0) { $0 << 8 | Int($1) } : -1
        switch kind {
        case .stdin: self = .stdin(Array(payload))
        case .terminalInput: self = .terminalInput(Array(payload))
        case .stdout: self = .stdout(Array(payload))
        case .stderr: self = .stderr(Array(payload))
        case .report: self = .report(Array(payload))
        case .answered: self = .answered(Array(payload))
        case .candidate: self = .candidate(Array(payload))
        case .mayLeave: self = .mayLeave
        case .leave: self = .leave
        case .withhold: self = .withhold
        case .refuse: self = .refuse
        case .stdinEnd: self = .stdinEnd
        case .resume: self = .resume
        case .timedOut: self = .timedOut
        case .terminalFree: self = .terminalFree
        case .windowSize where number >= 0:
            self = .windowSize(rows: UInt16(number >> 16), columns: UInt16(number & 0xFFFF))
        case .signal where (1...64).contains(number): self = .signal(Int32(number))
        case .stopped where (1...64).contains(number): self = .stopped(signal: Int32(number))
        case .started where (1...Int(Int32.max)).contains(number): self = .started(process: Int32(number))
        case .stdinCredit where number >= 0: self = .stdinCredit(number)
        case .terminalCredit where number >= 0: self = .terminalCredit(number)
        case .exit:
            guard let exit = RunExit(payload: payload) else { return nil }
            self = .exit(exit)
        default: return nil
        }
    }
}
