package import Auditing
package import Model

/// Who asks, as the door found it. Only the keeper's door makes one.
package struct Asker: Sendable {
    package var standing: Standing
    package var source: AuditSource
    package var origin: Origin
    /// What the agent says of itself; a label, never authority.
    package var reportedModel: String?
    /// Why it is not taken for a person, where it is unidentified.
    package var doubt: StandingDoubt?
    /// Whether it came from the sandbox of a whole agent: no password makes it a person.
    package var isConfined = false
    /// Whether changes and runs ask again: the person unlocked this session for looking only.
    package var isReadOnly = false
    /// When the process that asks was started, in clock ticks since boot: its number alone would be given again.
    package var processStart: UInt64 = 0

    package init(standing: Standing, source: AuditSource, origin: Origin, reportedModel: String? = nil) {
        self.standing = standing
        self.source = source
        self.origin = origin
        self.reportedModel = reportedModel
    }
}

/// On what authority someone asks.
package enum Standing: Sendable, Equatable {
    /// Someone in an unlocked kernel session, or who gave the password with this command (`steppedUp`).
    case person(steppedUp: Bool)
    /// The holder of a badge.
    case agent(AgentID, SegmentName)
    /// A program without badge outside an unlocked session.
    case unidentified
}

/// Where a request came from: facts of the machine, as the kernel tells them.
package struct Origin: Sendable, Equatable {
    package var userID: UInt32
    package var userName: String
    package var host: String
    package var process: Int32
    package var executable: String
    package var platform: String

    package init(userID: UInt32, userName: String, host: String, process: Int32, executable: String, platform: String) {
        self.userID = userID
        self.userName = userName
        self.host = host
        self.process = process
        self.executable = executable
        self.platform = platform
    }
}
