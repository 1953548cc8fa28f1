import MCPSession
import MCPTools
import TacitClient
import TacitWire

extension LocalKeeper {
    func wake(_ request: SessionWake, for client: ClientInfo) async throws -> SessionSummary {
        try await call(client) { connection throws(ClientError) in try connection.send("POST", WirePath.sessions, json: request) }
    }

    func sleep(_ request: SessionSleep, for client: ClientInfo) async throws -> SessionsEnded {
        try await call(client) { connection throws(ClientError) in try connection.send("POST", WirePath.sessionSleep, json: request) }
    }

    func rules(about name: String?, in place: MCPTools.Place, for client: ClientInfo) async throws -> RuleList {
        let path = "\(WirePath.rules)?scope=\(WirePath.encoded("\(place)"))" + (name.map { "&name=\(WirePath.encoded($0))" } ?? "")
        return try await call(client) { connection throws(ClientError) in try connection.get(path) }
    }

    func acknowledge(_ request: RuleAcknowledgement, for client: ClientInfo) async throws -> RuleAcknowledged {
        try await call(client) { connection throws(ClientError) in try connection.send("POST", WirePath.acknowledgements, json: request) }
    }

    func request(_ request: ErrandRequest, for client: ClientInfo) async throws -> ErrandAnswer {
        try await call(client) { connection throws(ClientError) in try connection.send("POST", WirePath.requests, json: request) }
    }

    func token(_ request: AgentTokenRequest, for client: ClientInfo) async throws -> AgentTokenAnswer {
        try await call(client) { connection throws(ClientError) in try connection.send("POST", WirePath.agentTokens, json: request) }
    }

    func inject(_ request: FileInjection, for client: ClientInfo) async throws -> FileInjected {
        try await call(client) { connection throws(ClientError) in try connection.send("POST", WirePath.sessionFiles, json: request) }
    }
}
