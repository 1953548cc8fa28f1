import Glibc
import TacitWire

/// Sets one host up: the agent's badge, the host's configuration, the model's instructions.
struct HostSetup {
    let context: CommandContext
    let options: GlobalOptions
    let scope: Scope
    let manner: Manner
    private let folders: AgentHost.Folders

    /// What is to be done and what is not.
    struct Manner {
        var isRemoval = false
        var isDryRun = false
        /// Whether the agent gets a policy to start from, where none is in force.
        var startsPolicy = true
        /// Whether a policy that is in force and says nothing of the agent gets a rule for it without a question.
        var addsPolicy = false
        /// Whether the person named the place, and not a file in the directory.
        var isPlaceSpoken = true
    }

    private var isRemoval: Bool { manner.isRemoval }
    private var isDryRun: Bool { manner.isDryRun }

    init(_ context: CommandContext, _ options: GlobalOptions, scope: Scope, _ manner: Manner) {
        self.context = context
        self.options = options
        self.scope = scope
        self.manner = manner
        folders = AgentHost.Folders(context.environment, home: context.home, project: Self.project(context))
    }

    /// The directory above the current one that a repository or a project file marks; never the home directory itself.
    private static func project(_ context: CommandContext) -> String? {
        var directory = context.currentDirectory
        while directory.count > 1, directory != context.home {
            if [".git", ".tacit.yaml"].contains(where: { unsafe access("\(directory)/\($0)", F_OK) == 0 }) { return directory }
            directory = String(directory[..<(directory.lastIndex(of: "/") ?? directory.startIndex)])
        }
        return nil
    }

    /// What was done for a host.
    struct Outcome: Codable, Equatable {
        var host: String
        var title: String
        var agent: String
        /// Whether the agent was registered now; false when it was already.
        var registered: Bool
        /// Where the badge of another vault's agent of that name lies now, where one had to make room.
        var replacedBadge: String?
        /// Whether there is a badge of which the vault could not be asked whether it knows it.
        var badgeUntold: Bool?
        var dryRun: Bool
        var removed: Bool
        /// What became of the policy; nil where it was left as it is.
        var policy: PolicyStart?
        /// Which environment the policy to start from, or the rule, is about; nil where there is neither.
        var place: String?
        /// What the policy in force lacks for this agent, line by line; nil unless it says nothing of it.
        var addition: [String]?
        /// Whether setup can add that itself: it was not kept from it by the form of the policy.
        var isAddable: Bool?
        var files: [File]
        /// Whether the model's instructions stand in no file, since the host has them from a project and one stands in none.
        var lacksProject: Bool?

        enum PolicyStart: String, Codable {
            /// One to start from was put in force.
            case started
            /// One is in force, and is about this agent.
            case present
            /// One is in force that says nothing of this agent.
            case silent
            /// One was in force that said nothing of this agent, and a rule for it was added.
            case added
            /// None is in force, and none was started: a `.tacit.yaml` named the place.
            case unspoken
        }

        struct File: Codable, Equatable {
            var path: String
            var changed: Bool
            /// Whether the file is gone: it had nothing but what Tacit wrote.
            var gone: Bool?
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

    var terminal: Terminal? { PasswordSource(context, descriptor: nil).terminal }
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
        if host.readsProjectAlone, folders.project == nil { outcome.lacksProject = true }
        // The badge first: a host that was told of an agent without one would start a server that may do nothing.
        if !isDryRun, !isRemoval {
            let door = try register(agent, &outcome)
            if manner.startsPolicy, let door = try door ?? doorForPolicy(agent) { try givePolicy(host, agent, &outcome, through: door) }
        }
        for (file, edit) in edits {
            let backup = edit.isChange && !isDryRun ? try file.write(edit) : nil
            outcome.files.append(
                .init(path: file.path, changed: edit.isChange, gone: edit.isEnd ? true : nil, backup: backup, difference: edit.difference))
        }
        return outcome
    }

    private func edits(for host: AgentHost, _ agent: String) throws -> [(HostFile, HostEdit)] {
        let places = [context.home, folders.configuration, folders.codex] + (folders.project.map { [$0] } ?? [])
        let file = try HostFile(host.file(folders), within: places)
        let entry = ServerEntry(program: Self.program, agent: agent, scope: scope)
        var edits = [(file, try HostEdit(host, entry, path: file.path, before: file.content(), isRemoval: isRemoval))]
        if let path = host.instructions(folders) {
            // A project may be somebody else's: a link in it leads to no file of yours that is not the project's.
            let project = folders.project.flatMap { path.hasPrefix("\($0)/") ? $0 : nil }
            let file = try HostFile(path, within: project.map { [$0] } ?? places, naming: project == nil ? "your home directory" : "the project")
            edits.append((file, try HostEdit(instructions: ModelInstructions.lines, path: file.path, before: file.content(), isRemoval: isRemoval)))
        }
        return edits
    }

    /// Registers the agent, unless it has a badge of this vault; the door on which a person was asked for that, when it was done now.
    private func register(_ agent: String, _ outcome: inout Outcome) throws -> VaultDoor? {
        if (try? AgentBadge.read(agent, context)) != nil, case let standing = AgentBadge.standing(of: agent, context), standing != .unknown {
            if standing == .untold { outcome.badgeUntold = true }
            return nil
        }
        let rule = manner.addsPolicy ? ", or a rule for it where there is one" : " where there is none"
        let grant = manner.startsPolicy && manner.isPlaceSpoken ? ", and to put a policy in force for \(scope.text)\(rule)" : ""
        let door = try VaultDoor(context, options, to: "register the agent `\(agent)`\(grant)")
        outcome.replacedBadge = try AgentRegistration(agent, door, in: context.paths).perform().replaced
        outcome.registered = true
        return door
    }
}

extension HostSetup.Outcome {
    /// Whether a policy came up that lists programs by their paths, ours or the person's own.
    var mayListPrograms: Bool { policy != nil && policy != .unspoken && !removed }

    func lines(_ style: Style) -> [String] {
        var lines = ["\(style.bold(title))"]
        if registered { lines.append("  registered the agent \(agent), by a name badge, which only narrows (`tacit doctor` says more)") }
        if let replacedBadge { lines.append("  a badge of that name that is none of this vault's lies in \(replacedBadge) now") }
        if badgeUntold == true { lines.append("  \(agent) has a badge; whether this vault knows it, `tacit agent list` shows once it is unlocked") }
        for file in files {
            guard file.changed else {
                lines.append("  \(file.path): nothing to change")
                continue
            }
            let end = file.gone == true ? (dryRun ? " would go: it has" : " is gone: it had") + " nothing but what Tacit wrote" : ""
            lines.append("  \(file.path)\(end)\(file.backup.map { ", before: \($0)" } ?? "")")
            if dryRun { lines += file.difference.map { "    \($0)" } }
        }
        if lacksProject == true {
            lines.append(
                removed
                    ? "  instructions for the model stand in AGENTS.md of each project that you set up: repeat this there"
                    : "  no instructions for the model: \(title) has them from AGENTS.md of a project, and you stand in none: repeat this in each repository"
            )
        }
        if dryRun { return lines + ["  nothing was changed"] }
        guard !removed else { return lines + ["Next: `tacit agent revoke \(agent)` makes its badge worthless."] }
        return lines + next
    }

    private var next: [String] {
        let restart = "then start \(title) anew."
        switch policy {
        case .started:
            return [
                "  put a policy to start from in force\(place.map { " for \($0)" } ?? ""): read it with `tacit policy show`",
                "Next: `tacit policy edit` if it allows too much; \(restart)",
            ]
        case .added:
            return [
                "  added a rule for \(agent) to the policy in force\(place.map { ", for \($0)" } ?? "")",
                "Next: `tacit policy edit` if it allows too much; \(restart)",
            ]
        case .silent:
            let lacking = ["  the policy in force says nothing of \(agent). What it lacks\(place.map { ", for \($0)" } ?? ""):"]
            return lacking + (addition ?? []).map { "    \($0)" } + ["Next: put that into the policy with `tacit policy edit`\(adding); \(restart)"]
        case .unspoken:
            return [
                "  put no policy in force: a .tacit.yaml named the place, and not you",
                "Next: `tacit policy init \(host) --agent \(agent)` prints one for it, to read and apply; \(restart)",
            ]
        case .present, nil: return ["Next: `tacit policy edit` says what \(agent) may use; \(restart)"]
        }
    }

    /// The command that adds what is lacking, where one can.
    private var adding: String {
        guard isAddable == true, let parts = place?.split(separator: "/"), parts.count == 2 else { return "" }
        return ", or have it added with `tacit setup \(host) --agent \(agent) -p \(parts[0]) -e \(parts[1]) --add-policy`"
    }
}
