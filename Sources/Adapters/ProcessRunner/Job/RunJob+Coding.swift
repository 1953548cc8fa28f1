import Model
import TacitWire

extension RunJob {
    /// The job's bytes on the control socket.
    var encoded: [UInt8] {
        var writer = CanonicalWriter(capacity: 4096)
        writer.write(byte: asker.rawValue)
        writer.write(list: arguments) { $0.write($1) }
        writer.write(list: environment.sorted { $0.key < $1.key }) { writer, entry in
            writer.write(entry.key)
            writer.write(entry.value)
        }
        writer.write(optional: directory)
        writer.write(byte: home.rawValue)
        writer.write(optional: terminal) { writer, terminal in
            writer.write(Int(terminal.rows))
            writer.write(Int(terminal.columns))
            for isTerminal in [terminal.input, terminal.output, terminal.error] { writer.write(byte: isTerminal ? 1 : 0) }
            writer.write(optional: terminal.term)
            writer.write(optional: terminal.modes) { writer, modes in
                for flags in [modes.input, modes.output, modes.local] { writer.write(Int(flags)) }
                writer.write(modes.characters)
            }
        }
        writer.write(optional: timeLimit) { $0.write($1.wholeNanoseconds) }
        writer.write(byte: masksOutput ? 1 : 0)
        writer.write(Int(fileMask))
        writer.write(byte: takesFingerprint ? 1 : 0)
        writer.write(optional: sandbox) { $1.write(to: &$0) }
        writer.write(optional: caller) { $0.write(Int($1)) }
        return writer.bytes
    }

    init(decoding bytes: [UInt8]) throws(CanonicalError) {
        var reader = CanonicalReader(bytes)
        guard let asker = Asker(rawValue: try reader.byte()) else { throw .malformed }
        let arguments = try reader.list { reader throws(CanonicalError) in try reader.text() }
        let entries = try reader.list { reader throws(CanonicalError) in (try reader.text(), try reader.text()) }
        let directory = try reader.optional { reader throws(CanonicalError) in try reader.text() }
        guard let home = Home(rawValue: try reader.byte()) else { throw .malformed }
        let terminal = try reader.optional(RunTerminal.init(decoding:))
        let timeLimit = try reader.optional { reader throws(CanonicalError) in try reader.int64() }
        let masksOutput = try reader.flag()
        guard let fileMask = UInt32(exactly: try reader.int()) else { throw .malformed }
        let takesFingerprint = try reader.flag()
        let sandbox = try reader.optional(SandboxWish.init(decoding:))
        let caller = try reader.optional { reader throws(CanonicalError) in try reader.int() }
        try reader.finish()
        self.init(
            asker: asker, arguments: arguments, environment: Dictionary(entries) { _, last in last }, directory: directory, home: home,
            terminal: asker == .person ? terminal : nil, timeLimit: timeLimit.map { .nanoseconds($0) },
            masksOutput: masksOutput || asker == .agent, fileMask: fileMask & 0o777, takesFingerprint: takesFingerprint, sandbox: sandbox)
        self.caller = try caller.map { caller throws(CanonicalError) in
            guard let caller = UInt32(exactly: caller) else { throw .malformed }
            return caller
        }
    }
}

extension SandboxWish {
    fileprivate func write(to writer: inout CanonicalWriter) {
        writer.write(byte: strictness.rawValue)
        for flag in [writesThrough, passesUnscanned, hasDoor, hasKeeper] { writer.write(byte: flag ? 1 : 0) }
        writer.write(user)
        writer.write(home)
        for list in [hidden, reads] { writer.write(list: list) { $0.write($1) } }
        writer.write(optional: lastingHome)
    }

    fileprivate init(decoding reader: inout CanonicalReader) throws(CanonicalError) {
        guard let strictness = Strictness(rawValue: try reader.byte()) else { throw .malformed }
        let (writesThrough, passesUnscanned) = (try reader.flag(), try reader.flag())
        let (hasDoor, hasKeeper) = (try reader.flag(), try reader.flag())
        self.init(
            strictness, writesThrough: writesThrough, passesUnscanned: passesUnscanned, user: try reader.text(), home: try reader.text(),
            hidden: try reader.list { reader throws(CanonicalError) in try reader.text() })
        reads = try reader.list { reader throws(CanonicalError) in try reader.text() }
        lastingHome = try reader.optional { reader throws(CanonicalError) in try reader.text() }
        (self.hasDoor, self.hasKeeper) = (hasDoor, hasKeeper)
    }
}

extension RunTerminal {
    fileprivate init(decoding reader: inout CanonicalReader) throws(CanonicalError) {
        self.init(
            rows: UInt16(clamping: try reader.int()), columns: UInt16(clamping: try reader.int()), input: try reader.flag(),
            output: try reader.flag(), error: try reader.flag(),
            term: try reader.optional { reader throws(CanonicalError) in try reader.text() },
            modes: try reader.optional(RunTerminalModes.init(decoding:)))
    }
}

extension RunTerminalModes {
    fileprivate init(decoding reader: inout CanonicalReader) throws(CanonicalError) {
        func flags(_ reader: inout CanonicalReader) throws(CanonicalError) -> UInt32 { UInt32(truncatingIfNeeded: try reader.int()) }
        self.init(
            input: try flags(&reader), output: try flags(&reader), local: try flags(&reader),
            characters: try reader.data())
    }
}

extension CanonicalReader {
    fileprivate mutating func flag() throws(CanonicalError) -> Bool {
        switch try byte() {
        case 0: false
        case 1: true
        default: throw .malformed
        }
    }
}

extension RunConditions {
    var encoded: [UInt8] {
        var writer = CanonicalWriter()
        writer.write(optional: home)
        writer.write(optional: searchPath)
        writer.write(byte: passesUnscanned ? 1 : 0)
        writer.write(list: answersLeft.sorted { $0.key < $1.key }) { writer, entry in
            writer.write(entry.key)
            writer.write(entry.value)
        }
        writer.write(optional: proxy) { writer, proxy in
            writer.write(list: proxy.variables.sorted { $0.key < $1.key }) { writer, entry in
                writer.write(entry.key)
                writer.write(entry.value)
            }
            writer.write(proxy.authority)
        }
        return writer.bytes
    }

    init(decoding bytes: [UInt8]) throws(CanonicalError) {
        var reader = CanonicalReader(bytes)
        home = try reader.optional { reader throws(CanonicalError) in try reader.text() }
        searchPath = try reader.optional { reader throws(CanonicalError) in try reader.text() }
        passesUnscanned = try reader.flag()
        let answers = try reader.list { reader throws(CanonicalError) in (try reader.text(), try reader.int()) }
        answersLeft = Dictionary(answers) { min($0, $1) }
        proxy = try reader.optional { reader throws(CanonicalError) in
            let variables = try reader.list { reader throws(CanonicalError) in (try reader.text(), try reader.text()) }
            return RunProxy(variables: Dictionary(variables) { _, last in last }, authority: try reader.text())
        }
        try reader.finish()
    }
}

/// The head of a binding: all but its value, which follows as raw bytes.
struct BindingHead: Equatable {
    var target: InjectionPlan.Target
    var text: InputText
    var needleName: String?
    var isToken: Bool
    var byteCount: Int

    var encoded: [UInt8] {
        var writer = CanonicalWriter()
        switch target {
        case .standardInput:
            writer.write(byte: 0)
            writer.write(text.before)
            writer.write(text.after)
        case .variable(let name):
            writer.write(byte: 1)
            writer.write(name)
        case .file(let name):
            writer.write(byte: 2)
            writer.write(name)
        }
        writer.write(optional: needleName)
        writer.write(byte: isToken ? 1 : 0)
        writer.write(byteCount)
        return writer.bytes
    }

    init(_ binding: RunBinding) {
        (target, text, needleName) = (binding.target, binding.text, binding.needleName)
        (isToken, byteCount) = (binding.isToken, binding.value.byteCount)
    }

    init(decoding bytes: [UInt8]) throws(CanonicalError) {
        var reader = CanonicalReader(bytes)
        text = .none
        switch try reader.byte() {
        case 0:
            target = .standardInput
            guard let told = InputText(before: try reader.text(), after: try reader.text()) else { throw .malformed }
            text = told
        case 1: target = .variable(try reader.text())
        case 2: target = .file(try reader.text())
        default: throw .malformed
        }
        needleName = try reader.optional { reader throws(CanonicalError) in try reader.text() }
        switch try reader.byte() {
        case 0: isToken = false
        case 1: isToken = true
        default: throw .malformed
        }
        byteCount = try reader.int()
        try reader.finish()
        guard (0...SecretValue.maximumByteCount).contains(byteCount) else { throw .malformed }
    }
}
