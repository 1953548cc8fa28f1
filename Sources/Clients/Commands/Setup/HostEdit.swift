/// What becomes of one file of a host's.
struct HostEdit {
    let path: String
    /// Nil when there is no such file.
    let before: [UInt8]?
    let after: [UInt8]

    var isChange: Bool { before.map { $0 != after } ?? !after.isEmpty }

    /// Whether nothing would be left of it: it has what Tacit wrote alone, and goes.
    var isEnd: Bool { isChange && after.isEmpty }

    /// The entry put into the host's configuration, or taken out of it.
    init(_ host: AgentHost, _ entry: ServerEntry, path: String, before: [UInt8]?, isRemoval: Bool) throws {
        self.path = path
        self.before = before
        do {
            switch host.format {
            case .json(let keys): after = try Self.json(before ?? [], keys, entry.json(for: host), isRemoval)
            case .toml: after = try Self.toml(before ?? [], entry, isRemoval)
            case .yaml: after = try Self.yaml(before ?? [], entry, isRemoval)
            }
        } catch let error as FormatError {
            throw CommandFailure(
                "\(error.text(naming: path)); nothing was changed",
                hint: "`tacit setup print` prints what to put there by hand", status: .usage, code: error.code)
        }
    }

    /// The instructions put into a file for the model, or taken out of it.
    init(instructions: [String], path: String, before: [UInt8]?, isRemoval: Bool) throws {
        self.path = path
        self.before = before
        let block = MarkedBlock(.html)
        let text = try Self.text(before ?? [], path)
        after = Array((isRemoval ? block.removing(from: text) : block.setting(instructions, in: text)).utf8)
    }

    private static func json(_ before: [UInt8], _ keys: [String], _ value: JSONText, _ isRemoval: Bool) throws -> [UInt8] {
        if isRemoval, before.isEmpty { return [] }
        let edit = try JSONEdit(before)
        if isRemoval {
            guard let text = edit.text(at: keys) else { return before }
            // A file that is what is made of nothing goes; one that was there before stays, however little is left in it.
            let isOurs = try (try? JSONText(parsing: text)).map { try json([], keys, $0, false) == before } ?? false
            return isOurs ? [] : edit.removing(keys)
        }
        if let text = edit.text(at: keys), let present = try? JSONText(parsing: text) {
            if present.rendered(indent: "", unit: nil) == value.rendered(indent: "", unit: nil) { return before }
        }
        return try edit.setting(keys, to: value)
    }

    private static func toml(_ before: [UInt8], _ entry: ServerEntry, _ isRemoval: Bool) throws -> [UInt8] {
        let block = MarkedBlock(.hash)
        let text = try text(before, "the file")
        if isRemoval { return Array(block.removing(from: text).utf8) }
        let header = "[mcp_servers.\(AgentHost.serverName)]"
        let isForeign = !block.stands(in: text) && text.split(separator: "\n").contains { $0.drop { $0 == " " }.hasPrefix(header) }
        guard !isForeign else { throw taken(header) }
        return Array(block.setting(entry.toml, in: text).utf8)
    }

    private static func yaml(_ before: [UInt8], _ entry: ServerEntry, _ isRemoval: Bool) throws -> [UInt8] {
        let block = MarkedBlock(.hash)
        let text = try text(before, "the file")
        if isRemoval { return Array(block.removing(from: text).utf8) }
        let root = before.isEmpty ? nil : try YAMLNode(parsing: before)
        guard case .mapping(let members)? = root?.content, let extensions = members.first(where: { $0.key == "extensions" }) else {
            guard !block.stands(in: text) else { throw taken("extensions") }
            let separator = text.isEmpty || text.hasSuffix("\n") ? "" : "\n"
            return Array(block.setting(entry.yaml, in: text + separator + "extensions:\n", indent: "  ") { $0.count }.utf8)
        }
        let present = try Self.members(of: extensions.value)
        if !block.stands(in: text), present.contains(where: { $0.key == AgentHost.serverName }) { throw taken("extensions: \(AgentHost.serverName)") }
        // Behind the line of the key; a mapping in braces has no place there.
        let line = extensions.keyPosition.line
        guard text.split(separator: "\n", omittingEmptySubsequences: false)[line - 1].drop(while: { $0 == " " }) == "extensions:" else { throw flow }
        let indent = String(repeating: " ", count: max(2, (present.first?.keyPosition.column ?? 3) - 1))
        return Array(block.setting(entry.yaml, in: text, indent: indent) { _ in line }.utf8)
    }

    private static func members(of node: YAMLNode) throws -> [YAMLNode.Member] {
        switch node.content {
        case .mapping(let members): members
        case .other(.nothing, _): []
        default: throw flow
        }
    }

    private static func text(_ bytes: [UInt8], _ path: String) throws -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure("\(path) is not UTF-8 text; nothing was changed", status: .usage, code: "setup.not-text")
        }
        return text
    }

    private static func taken(_ what: String) -> CommandFailure {
        CommandFailure(
            "the host has an entry `\(what)` already that Tacit did not write; nothing was changed",
            hint: "remove it, and run the command again", status: .usage, code: "setup.taken")
    }

    private static let flow = CommandFailure(
        "`extensions` is not written as lines of their own; nothing was changed", hint: "`tacit setup print` prints what to put there by hand",
        status: .usage, code: "setup.flow")

    /// What changes, line by line: `-` goes, `+` comes.
    var difference: [String] {
        let old = Self.lines(before ?? [])
        let new = Self.lines(after)
        let common = zip(old, new).prefix { $0 == $1 }.count
        let tail = zip(old[common...].reversed(), new[common...].reversed()).prefix { $0 == $1 }.count
        return old[common..<(old.count - tail)].map { "- \($0)" } + new[common..<(new.count - tail)].map { "+ \($0)" }
    }

    private static func lines(_ bytes: [UInt8]) -> [String] {
        bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    }
}
