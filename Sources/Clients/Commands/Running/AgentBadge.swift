import Glibc
import TacitClient
import TacitWire

/// The file with an agent's badge. Whoever can read the badge can be that agent, so that only its owner's file of mode 0600 is taken.
enum AgentBadge {
    /// The longest badge.
    private static let limit = 4096

    /// Reads the badge of an agent.
    static func read(_ agent: String, _ context: CommandContext) throws -> String {
        guard NameShape.isSegment(agent.utf8) else { throw ScopeResolver.badName("the agent given by `--agent`") }
        let path = "\(context.paths.agents)/\(agent)"
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw missing(agent, path, errno) }
        defer { close(descriptor) }
        var facts = stat()
        guard unsafe fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG, facts.st_uid == context.userID else {
            throw refused("\(path) is not a file of your own", "remove it, and run `tacit agent add \(agent)` again")
        }
        guard facts.st_mode & 0o7777 == 0o600 else { throw refused("\(path) has the wrong mode", "chmod 600 \(path)") }
        var bytes = try Input.readAll(descriptor, limit: limit, naming: path)
        while let last = bytes.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard !bytes.isEmpty, bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw refused("\(path) holds no badge", "run `tacit agent add \(agent)` again")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What the vault makes of a badge.
    enum Standing { case known, unknown, untold }

    /// Whether the vault knows the badge that lies here. `untold` where there is none that can be read, and while the vault is locked. A badge that it does not
    /// know is an entry in its log, as whenever one is shown.
    static func standing(of agent: String, _ context: CommandContext) -> Standing {
        guard let badge = try? read(agent, context), let connection = try? KeeperSocket.connect(context) else { return .untold }
        connection.headers[WireHeader.source] = "cli"
        connection.headers[WireHeader.badge] = badge
        do throws(ClientError) {
            let status: VaultStatus = try connection.get(WirePath.status)
            return status.state == .unlocked ? .known : .untold
        } catch {
            if case .problem(let problem) = error, problem.code == "badge.unknown" { return .unknown }
            return .untold
        }
    }

    private static func missing(_ agent: String, _ path: String, _ error: Int32) -> CommandFailure {
        switch error {
        case ENOENT, ENOTDIR:
            CommandFailure(
                "there is no badge of the agent \(agent)", hint: "run `tacit agent add \(agent)` in a terminal of your own", code: "badge.missing")
        case ELOOP: refused("\(path) is a link", "remove it, and run `tacit agent add \(agent)` again")
        default: CommandFailure(errno: error, "\(path) cannot be read")
        }
    }

    private static func refused(_ message: String, _ hint: String) -> CommandFailure { CommandFailure(message, hint: hint, code: "badge.refused") }
}
