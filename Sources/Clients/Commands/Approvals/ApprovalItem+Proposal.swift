import Glibc
import Policies
import TacitWire

extension ApprovalItem {
    /// How a person decides: a use by its code; what a proposal asks for is theirs to make, and to close.
    func steps(isDeciding: Bool) -> [String] {
        guard standing == .pending else { return [] }
        guard kind == "proposal" else { return isDeciding ? [] : ["tacit approvals approve \(code)   (or: deny \(code))"] }
        let isStore = capability == nil && !secrets.isEmpty
        // What the agent may not know of is of no use to it in a new version either.
        let hidden = capability == nil ? secrets.filter { $0.version != nil && $0.isListed == false && $0.isNew != true } : []
        let refusal =
            hidden.isEmpty
            ? []
            : [
                "tacit approvals deny \(code), and tell it that \(hidden.map(\.name.printable).joined(separator: ", ")) exists: it then asks for the right"
            ]
        return refusal + making + ["then tacit approvals done \(code)\(isStore ? ", unless that has closed it" : "")"]
    }

    private var making: [String] {
        if capability != nil { return ["tacit policy edit"] + (proposedProgram.map(Self.leave) ?? []) }
        return (proposedFile.map { ["tacit import \(Self.word($0))\(place)"] } ?? []) + secrets.map { "tacit set tacit://\($0.name)" }
    }

    /// What a rule needs besides to let a program of the any-code class have something.
    private static func leave(_ program: String) -> [String] {
        guard ProposedProgram.runsAnyCode(program) else { return [] }
        return [
            "a rule that lists it needs `any_code: allow`, since it runs any code: best in a rule of its own with only this `agent_id` and these `keys`"
        ]
    }

    /// Where, as options of a command.
    private var place: String {
        guard let parts = scope?.split(separator: "/"), parts.count == 2 else { return "" }
        return " -p \(parts[0]) -e \(parts[1])"
    }

    /// The command that says why the policy decides as it does about a right that is asked for; nil is the place as a whole.
    func explanation(of secret: ApprovalSecret?) -> String {
        let about = secret.map { " tacit://\($0.name)" } ?? place
        let program = needsProgram ? proposedProgram.map { " -- \(Self.word($0))" } ?? "" : ""
        return "tacit policy explain \(agent)\(about) --capability \(capability ?? "")\(program)"
    }

    /// The agent's word as one of a shell's, without a blank that is not seen for what it is.
    private static func word(_ text: String) -> String { quoted(text.unpadded) }

    /// Whether a program gets what is asked for.
    var needsProgram: Bool { capability == "env_inject" }

    /// What was stored before a denial, and stays.
    var remains: String {
        let stored = secrets.filter { $0.isNew == true }.map(\.name.printable)
        return stored.isEmpty ? "" : " What you stored stays: \(stored.joined(separator: ", "))."
    }

    /// A capability, in words for a person who never read the policy's.
    static func explained(_ capability: String) -> String {
        let words =
            switch Capability(rawValue: capability) {
            case .referenceOnly: "to know that it exists"
            case .maskedReturn: "to see the last 4 characters of its value"
            case .envInject: "to run programs with it"
            case .fileInject: "to have it written into a file that programs read"
            case .broker: "to use it through the broker, without holding it"
            case .propose: "to propose changes of it, which you make"
            case .reveal: "to see its value, each time with your approval"
            case nil: "for a capability that this version does not know"
            }
        return "\(words) (\(capability))"
    }
}

extension ApprovalSecret {
    /// What is there under the name of something to store.
    var presence: String {
        guard let version else { return "" }
        if isNew == true { return ": stored since (version \(version))" }
        return isListed == true
            ? ": exists (version \(version)), a new value is asked for" : ": exists already (version \(version)); the agent may not know of it"
    }

    /// Where a right to it stands.
    func standing(for program: String?) -> String {
        let absence = version == nil ? "; and nothing has this name" : ""
        if let barrier { return barrier + absence }
        return (program == nil ? "the policy allows it" : "the policy allows it, if it lists the program") + absence
    }
}

/// A program that a proposal names, as far as it is known without being opened as a run would open it.
enum ProposedProgram {
    /// Whether it executes what its arguments or files tell it, by its name and, of a path, by how the file begins.
    static func runsAnyCode(_ program: String) -> Bool { ProgramClass(naming: program, isScript: isScript(program)) != .native }

    /// The path is the agent's word, so what is no plain file is not opened: that could wait, or do something.
    private static func isScript(_ path: String) -> Bool {
        var facts = stat()
        guard path.hasPrefix("/"), unsafe stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return false }
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var start: [UInt8] = [0, 0]
        let count = unsafe start.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, 2) }
        return count == 2 && start.elementsEqual("#!".utf8)
    }
}
