import Auditing
import Model
import Policies
import Storage
import TestKit
import Testing

@testable import Secrets

extension VaultBench {
    /// The first terminal: a shell and the command next to it.
    static func peer(terminal: UInt64 = 1, isNextToLeader: Bool = true) -> Peer {
        Peer(
            userID: 1000, userName: "ada", process: 4242, executable: "/usr/bin/tacit", isOwnProgram: true,
            session: KernelSession(id: Int32(terminal), leaderStart: terminal, terminal: terminal),
            place: isNextToLeader ? .nextToLeader : .behind("make"))
    }

    var terminal: DoorFacts { door(1) }

    func door(_ connection: UInt64, terminal: UInt64 = 1, isNextToLeader: Bool = true) -> DoorFacts {
        DoorFacts(peer: Self.peer(terminal: terminal, isNextToLeader: isNextToLeader), connection: connection)
    }

    private static func origin(of peer: Peer) -> Origin {
        Origin(
            userID: peer.userID, userName: peer.userName, host: "bench", process: peer.process, executable: peer.executable, platform: "linux-x86_64")
    }

    func person(steppedUp: Bool = true) -> Asker {
        Asker(standing: .person(steppedUp: steppedUp), source: .cli, origin: Self.origin(of: Self.peer()))
    }

    func nobody() -> Asker { Asker(standing: .unidentified, source: .cli, origin: Self.origin(of: Self.peer())) }

    /// Another agent than `agent`.
    func otherAgent() throws -> Asker { try agent("other", number: 8) }

    func agent(_ name: String = "coder", number: UInt8 = 9) throws -> Asker {
        Asker(
            standing: .agent(AgentID(random: RandomBytes { [UInt8](repeating: number, count: $0) }), try SegmentName(name, of: .agent)), source: .mcp,
            origin: Self.origin(of: Self.peer(isNextToLeader: false)), reportedModel: "model-x")
    }
}

extension VaultBench {
    static let dev = scope("default/dev")

    static func scope(_ text: String) -> Scope {
        guard let scope = try? Scope(parsing: text) else { preconditionFailure("no scope") }
        return scope
    }

    static func name(_ text: String) -> SecretName {
        guard let name = try? SecretName(text) else { preconditionFailure("no name") }
        return name
    }

    static func segment(_ text: String) -> SegmentName {
        guard let name = try? SegmentName(text, of: .field) else { preconditionFailure("no name") }
        return name
    }

    static func write(_ name: String, _ value: SecretValue, field: String = "value", kind: FieldKind = .secret) -> SecretWrite {
        SecretWrite(name: Self.name(name), fields: [.init(name: segment(field), kind: kind, value: value)])
    }

    @discardableResult func set(_ name: String, _ value: SecretValue, in scope: Scope = VaultBench.dev) async throws -> WriteResult {
        try await open.set(Self.write(name, value), in: scope, by: person())
    }

    func reveal(_ name: String, version: Int64? = nil, field: String? = nil, in scope: Scope = VaultBench.dev) async throws -> String {
        let reference = FieldReference(scope: scope, name: Self.name(name), field: field.map(Self.segment), version: version)
        return try await open.reveal(reference, by: person(), withinGrace: false).value.text
    }

    func canary() -> Canary { Canary(random) }

    /// Puts a policy in force that lets the agent `coder` do these things with `app/*` in `default/dev`.
    func allow(_ capabilities: [Capability], unsandboxed: String = "allow", keys: String = "app/*", agent: String = "coder", rules: String = "")
        async throws
    {
        let list = capabilities.map { "\"\($0.rawValue)\"" }.joined(separator: ",")
        let json = """
            {"policies":[{"name":"first","agent_id":"\(agent)","allowed_keys":["\(keys)"],"denied_keys":["app/root*"],\
            "capabilities":[\(list)],"unsandboxed":"\(unsandboxed)"}]\(rules)}
            """
        _ = try await open.applyPolicy(json: Array(json.utf8), text: nil, expectedVersion: nil, by: person())
    }

    /// The log as a person sees it, without the entry of this reading.
    func log(from index: Int64 = 0) async throws -> [AuditEntry] {
        try await open.auditEntries(from: index, limit: .max, by: person()).map(\.entry).dropLast()
    }

    func verify() async throws -> VerificationReport { try await open.verifyAudit(trusted: [], by: person()) }

    /// A run that a person starts for the agent `coder` with the secret `app/key`, and the door that was opened for it.
    func coderRun() async throws -> (run: PreparedRun, door: FakeBrokers.Door) {
        var wish = RunWish(arguments: ["claude"], scope: Self.dev)
        wish.secrets = [.init(reference: try SecretReference(parsing: "app/key"))]
        wish.agent = try SegmentName("coder", of: .agent)
        let run = try await open.prepareRun(wish, by: person())
        return (run, try #require(brokers.doors.last))
    }

    /// A run of the agent `coder` with the secret `app/key` whose output answered as many guesses as it may.
    func answerGuesses() async throws {
        var wish = RunWish(arguments: ["curl"], scope: Self.dev)
        wish.secrets = [.init(reference: try SecretReference(parsing: "app/key#value"))]
        let prepared = try await open.prepareRun(wish, by: agent())
        let name = try #require(prepared.job.values.first { $0.kind == .secret }?.name)
        let run = try await vault.start(prepared) {}
        for _ in 0..<FuseRecord.limit { #expect(await vault.mayLeave(run, answering: [name])) }
        await vault.finish(run, result: "done", detail: [])
    }
}
