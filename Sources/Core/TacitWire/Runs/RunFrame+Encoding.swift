extension RunFrame {
    public var kind: Kind {
        switch self {
        case .stdin: .stdin
        case .stdinEnd: .stdinEnd
        case .terminalInput: .terminalInput
        case .windowSize: .windowSize
        case .signal: .signal
        case .resume: .resume
        case .started: .started
        case .stdout: .stdout
        case .stderr: .stderr
        case .stdinCredit: .stdinCredit
        case .terminalCredit: .terminalCredit
        case .stopped: .stopped
        case .timedOut: .timedOut
        case .report: .report
        case .exit: .exit
        case .terminalFree: .terminalFree
        case .answered: .answered
        case .candidate: .candidate
        case .mayLeave: .mayLeave
        case .leave: .leave
        case .withhold: .withhold
        case .refuse: .refuse
        }
    }

    /// Appends the frame's bytes. A longer payload than the limit becomes several frames; of a report the rest is cut.
    public func encode(into buffer: inout [UInt8]) {
        switch self {
        case .stdin(let bytes), .terminalInput(let bytes), .stdout(let bytes), .stderr(let bytes):
            Self.append(kind, bytes[...], to: &buffer)
        case .report(let bytes), .answered(let bytes), .candidate(let bytes): Self.append(kind, bytes.prefix(Self.maximumPayload), to: &buffer)
        case .stdinEnd, .resume, .timedOut, .terminalFree, .mayLeave, .leave, .withhold, .refuse: Self.appendOne(kind, [], to: &buffer)
        case .windowSize(let rows, let columns): Self.appendOne(kind, Self.bytes(rows) + Self.bytes(columns), to: &buffer)
        case .signal(let number), .started(let number), .stopped(let number): Self.appendOne(kind, Self.bytes(number)[...], to: &buffer)
        case .stdinCredit(let count), .terminalCredit(let count): Self.appendOne(kind, Self.bytes(UInt32(clamping: count))[...], to: &buffer)
        case .exit(let exit): Self.appendOne(kind, exit.payload[...], to: &buffer)
        }
    }

    /// The frame's bytes.
    public var encoded: [UInt8] {
        var buffer: [UInt8] = []
        encode(into: &buffer)
        return buffer
    }

    /// Appends bytes of a stream as frames of one kind, none for no bytes.
    public static func append(_ kind: Kind, _ bytes: ArraySlice<UInt8>, to buffer: inout [UInt8]) {
        var rest = bytes
        while !rest.isEmpty {
            appendOne(kind, rest.prefix(maximumPayload), to: &buffer)
            rest = rest.dropFirst(maximumPayload)
        }
    }

    private static func appendOne(_ kind: Kind, _ payload: ArraySlice<UInt8>, to buffer: inout [UInt8]) {
        buffer.append(kind.rawValue)
        buffer.append(contentsOf: bytes(UInt32(payload.count)))
        buffer.append(contentsOf: payload)
    }

    private static func bytes(_ value: some FixedWidthInteger) -> ArraySlice<UInt8> {
        (0..<value.bitWidth / 8).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }[...]
    }
}

extension RunExit {
    /// A tag byte, four bytes of code or signal, and for a failure three texts parted by NUL.
    var payload: [UInt8] {
        func tagged(_ tag: UInt8, _ number: Int32) -> [UInt8] {
            [tag] + (0..<4).reversed().map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
        }
        switch self {
        case .exited(let code): return tagged(0, code)
        case .signaled(let number): return tagged(1, number)
        case .failed(let failure):
            let texts = [failure.code, failure.message, failure.hint ?? ""].map { Array($0.utf8.lazy.filter { $0 != 0 }.prefix(16 << 10)) }
            return tagged(2, failure.status) + texts.joined(separator: [0])
        }
    }

    init?(payload: ArraySlice<UInt8>) {
        guard payload.count >= 5, let tag = payload.first else { return nil }
        let number = Int32(truncatingIfNeeded: payload.dropFirst().prefix(4).reduce(0) { $0 << 8 | Int($1) })
        let rest = payload.dropFirst(5)
        switch tag {
        case 0 where rest.isEmpty: self = .exited(code: number)
        case 1 where rest.isEmpty && (1...64).contains(number): self = .signaled(number)
        case 2 where (125...127).contains(number):
            let texts = rest.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
            guard texts.count == 3 else { return nil }
            self = .failed(RunFailure(status: number, code: texts[0], message: texts[1], hint: texts[2].isEmpty ? nil : texts[2]))
        default: return nil
        }
    }
}
