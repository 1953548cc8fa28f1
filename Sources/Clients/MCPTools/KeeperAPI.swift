package import MCPSession
package import TacitWire

/// What the tools ask of the keeper. Failures are `Problem`s; anything else that is thrown is told as a fault of this program.
///
/// Every request carries what the host says it is; the keeper writes it down and trusts none of it.
package protocol KeeperAPI: SessionAPI {
    /// The state of the vault, whom the keeper takes this process for, and what that may do in a place.
    func status(in place: Place, for client: ClientInfo) async throws -> VaultStatus

    /// One page of the secrets that this process may list.
    func secrets(_ query: SecretQuery, for client: ClientInfo) async throws -> Page<SecretSummary>

    /// Which names are there, in the order they were asked.
    func existence(_ request: ExistsRequest, for client: ClientInfo) async throws -> [Existence]

    /// The masked view of a field; nil is the one that stands for the secret.
    func masked(_ name: String, field: String?, in place: Place, for client: ClientInfo) async throws -> MaskedValue

    /// Asks a person for secrets or rights; grants nothing.
    func propose(_ proposal: AccessProposal, for client: ClientInfo) async throws -> AccessRequestState

    /// Where a request of this process's own stands; waits up to `seconds` for a decision.
    func requestState(_ id: String, waiting seconds: Int64, for client: ClientInfo) async throws -> AccessRequestState

    /// Has the broker make one request; its reply has no values in it.
    func request(_ request: ErrandRequest, for client: ClientInfo) async throws -> ErrandAnswer

    /// Gives out a fake token for a program of the agent's.
    func token(_ request: AgentTokenRequest, for client: ClientInfo) async throws -> AgentTokenAnswer

    /// Runs a command and gives every frame as it comes, `exit` last; returns the audit entry's id, where the keeper tells it.
    ///
    /// `input` is the whole of standard input. A cancelled task ends the run.
    func run(
        _ request: RunRequest, input: [UInt8], for client: ClientInfo, receive: @escaping @Sendable (RunFrame) -> Void
    ) async throws -> String?
}

/// A project and one of its environments: where bare names are looked up.
package struct Place: Sendable, Equatable, CustomStringConvertible {
    package var project: String
    package var environment: String

    package init(project: String, environment: String) {
        self.project = project
        self.environment = environment
    }

    package var description: String { "\(project)/\(environment)" }

    /// Whether commands look there when nothing says otherwise.
    var isUsual: Bool { project == "default" && environment == "dev" }

    /// The same project, in another environment if one is named.
    func with(environment: String?) -> Place { Place(project: project, environment: environment ?? self.environment) }
}

/// Which secrets to list.
package struct SecretQuery: Sendable, Equatable {
    package var place: Place
    /// Part of a name, tag or description, in any case.
    package var search: String?
    package var tag: String?
    package var expiringWithinDays: Int?
    package var limit: Int
    /// Where the previous page ended.
    package var cursor: String?

    package init(
        place: Place, search: String? = nil, tag: String? = nil, expiringWithinDays: Int? = nil, limit: Int, cursor: String? = nil
    ) {
        self.place = place
        self.search = search
        self.tag = tag
        self.expiringWithinDays = expiringWithinDays
        self.limit = limit
        self.cursor = cursor
    }
}
