package import MCPSession
package import TacitWire

/// What the tools around a use ask of the keeper: sessions, rules, session files. Failures are as those of `KeeperAPI`.
package protocol SessionAPI: Sendable {
    func wake(_ request: SessionWake, for client: ClientInfo) async throws -> SessionSummary

    /// Ends what this agent has: never another's.
    func sleep(_ request: SessionSleep, for client: ClientInfo) async throws -> SessionsEnded

    /// The rules about one secret, or about any that this agent may list, and the programs that may have it, or any of them.
    func rules(about name: String?, in place: Place, for client: ClientInfo) async throws -> RuleList

    func acknowledge(_ request: RuleAcknowledgement, for client: ClientInfo) async throws -> RuleAcknowledged

    /// Has the keeper write a session file. Its content never comes here.
    func inject(_ request: FileInjection, for client: ClientInfo) async throws -> FileInjected
}
