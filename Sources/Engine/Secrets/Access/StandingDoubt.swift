import Model

/// Why somebody without a badge is not taken for a person. It is about the asker alone, so that anybody may know it of itself.
package enum StandingDoubt: Sendable, Equatable {
    /// Another user of the machine.
    case otherUser
    /// The session of the asker has no leader any more.
    case leaderless
    /// The system does not show the asker's process.
    case hidden
    /// A program of this name stands between the asker and the leader of its session.
    case behind(String)
    /// Whoever started the asker has ended.
    case adopted
    /// The leader is the first process of a container.
    case belowFirstProcess
    /// The asker is another program than the keeper's own.
    case otherProgram
    /// The vault was not unlocked in the asker's session.
    case otherSession
    /// It was, and no person has acted there for long.
    case idle
    /// The asker came by the door of agents and showed no badge.
    case agentsDoor

    package var code: String {
        switch self {
        case .otherUser: "asker.other-user"
        case .leaderless: "asker.leaderless"
        case .hidden: "asker.hidden"
        case .behind: "asker.behind-program"
        case .adopted: "asker.adopted"
        case .belowFirstProcess: "asker.below-first-process"
        case .otherProgram: "asker.other-program"
        case .otherSession: "asker.other-session"
        case .idle: "asker.idle"
        case .agentsDoor: "asker.no-badge"
        }
    }

    /// One sentence in lower case.
    package var message: String {
        switch self {
        case .otherUser: "this command runs as another user than the keeper, so that it is treated as an agent"
        case .leaderless: "the shell of this command's session has ended, so that it is treated as an agent"
        case .hidden: "this system does not show the keeper which process asks (`/proc` is mounted with `hidepid`), so that it is treated as an agent"
        case .behind(let name):
            "another program\(name.isEmpty ? "" : " (\(name))") stands between this command and the shell of its terminal, so that it is treated as an agent"
        case .adopted: "the program that started this command has ended, so that it is treated as an agent"
        case .belowFirstProcess:
            "the shell is the first process of its container, which every orphaned program comes to, so that what it starts is treated as an agent"
        case .otherProgram: "this is another program than the one the keeper was started from, so that it is treated as an agent"
        case .otherSession: "the vault is not unlocked for this terminal"
        case .idle: "no person has used the vault in this terminal for a while"
        case .agentsDoor: "no badge was shown"
        }
    }

    /// The next step.
    package var hint: String {
        switch self {
        case .otherSession, .idle: "unlock it with `tacit unlock`, or give the password with `--password-fd N`"
        case .agentsDoor: "register the agent with `tacit agent add NAME`, and start it with `tacit mcp --agent NAME`"
        case .otherProgram:
            "run the `tacit` that the keeper was started from, or give the password with `--password-fd N`; an agent uses its badge (`tacit mcp --agent NAME`)"
        case .belowFirstProcess:
            "give the password with `--password-fd N`; or start a shell in a session of its own, such as `script -q /dev/null`, and unlock it there"
        case .behind:
            "in a script begin the line with `exec`, or give the password with `--password-fd N`; an agent uses its badge (`tacit mcp --agent NAME`)"
        case .otherUser, .leaderless, .hidden, .adopted:
            "give the password with `--password-fd N`; an agent uses its badge (`tacit mcp --agent NAME`)"
        }
    }

    /// What the place of a peer in its session leaves to doubt.
    init?(placeOf peer: Peer) {
        switch peer.place {
        case .nextToLeader:
            guard peer.session == nil else { return nil }
            self = .leaderless
        case .behind(let name): self = .behind(name)
        case .adopted: self = .adopted
        case .belowFirstProcess: self = .belowFirstProcess
        case .leaderless: self = .leaderless
        case .hidden: self = .hidden
        }
    }
}
