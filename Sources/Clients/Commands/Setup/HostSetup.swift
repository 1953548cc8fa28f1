import Glibc
import TacitWire

/// Sets one host up: the agent's badge, the host's configuration, the model's instructions.
struct HostSetup {
    private let context: CommandContext
    private let options: GlobalOptions
    private let scope: Scope
    private let isRemoval: Bool
    private let isDryRun: Bool
    private let folders: AgentHost.Folders

    init(_ context: CommandContext, _ options: GlobalOptions, scope: Scope, isRemoval: Bool, isDryRun: Bool) {
        self.context = context
        self.options = options
        self.scope = scope
        self.isRemoval = isRemoval
        self.isDryRun = isDryRun
        folders = AgentHost.Folders(context.environment, home: context.home)
    }

    /// What was done for a host.
    struct Outcome: Codable, Equatable {
        var host: String
        var title: String
        var agent: String
        /// Whether the agent was registered now; false when it was already.
        var registered: Bool
        var dryRun: Bool
        var removed: Bool
        var files: [File]

        struct File: Codable, Equatable {
            var path: String
            var changed: Bool
            /// Where the file of before is kept.
            var backup: String?
            /// What changes, line by line.
            var difference: [String]
        }
    }

    /// The absolute path of this program.
    static var program: String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self) : "tacit"
    }

    func isInstalled(_ host: AgentHost) -> Bool { host.traces(folders).contains { unsafe access($0, F_OK) == 0 } }

    private var terminal: Terminal? { PasswordSource(context, descriptor: nil).terminal }
    var canAsk: Bool { terminal != nil }

    func isWanted(_ host: AgentHost) throws -> Bool {
        guard let terminal else { return false }
        let answer = try terminal.ask(isRemoval ? "Take Tacit out of \(host.title)? [y/N] " : "Set Tacit up in \(host.title)? [y/N] ", .visible)
        return answer.bytes.first.map { $0 | 0x20 } == UInt8(ascii: "y")
    }

    func perform(_ host: AgentHost, agent: String) throws -> Outcome {
        let edits = try edits(for: host, agent)
        var outcome = Outcome(
            host: host.rawValue, title: host.title, agent: agent, registered: false, dryRun: isDryRun, removed: isRemoval, files: [])
        // The badge first: a host that was told of an agent without one would start a server that may do nothing.
        if !isDryRun, !isRemoval { outcome.registered = try register(agent) }
        for (file, edit) in edits {
            let backup = edit.isChange && !isDryRun ? try file.write(edit) : nil
            outcome.files.append(.init(path: file.path, changed: edit.isChange, backup: backup, difference: edit.difference))
        }
        return outcome
    }

    private func edits(for host: AgentHost, _ agent: String) throws -> [(HostFile, HostEdit)] {
        let places = [context.home, folders.configuration, folders.codex]
        let file = try HostFile(host.file(folders), within: places)
        let entry = ServerEntry(program: Self.program, agent: agent, scope: scope)
        var edits = [(file, try HostEdit(host, entry, path: file.path, before: file.content(), isRemoval: isRemoval))]
        if let path = host.instructions(folders) {
            let file = try HostFile(path, within: places)
            edits.append((file, try HostEdit(instructions: ModelInstructions.lines, path: file.path, before: file.content(), isRemoval: isRemoval)))
        }
        return edits
    }

    /// Registers the agent, unless it has a badge; whether it was done now.
    private func register(_ agent: String) throws -> Bool {
        if (try? AgentBadge.read(agent, context)) != nil { return false }
        let door = try VaultDoor(context, options, to: "register the agent `\(agent)`")
        try AgentRegistration(agent, door, in: context.paths).perform()
        return true
    }
}

extension HostSetup.Outcome {
    func lines(_ style: Style) -> [String] {
        var lines = ["\(style.bold(title))"]
        if registered { lines.append("  registered the agent \(agent)") }
        for file in files {
            guard file.changed else {
                lines.append("  \(file.path): nothing to change")
                continue
            }
            lines.append("  \(file.path)\(file.backup.map { ", before: \($0)" } ?? "")")
            if dryRun { lines += file.difference.map { "    \($0)" } }
        }
        if dryRun { return lines + ["  nothing was changed"] }
        guard !removed else { return lines + ["Next: `tacit agent revoke \(agent)` makes its badge worthless."] }
        return lines + ["Next: `tacit policy edit` says what \(agent) may use; then start \(title) anew."]
    }
}
