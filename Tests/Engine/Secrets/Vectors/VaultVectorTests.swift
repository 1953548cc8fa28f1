import Approvals
import Auditing
import Brokering
import Envelopes
import Model
import PasswordKeys
import Policies
import Storage
import TestKit
import Testing

@testable import Secrets

/// A whole vault that a second implementation wrote from the text of docs/SPEC.md: the engine opens it, reads all of it and goes on with it.
@Suite("A vault of another program") struct VaultVectorTests {
    struct Common: Decodable, Sendable {
        let password: String, recovery: String, badge: String, policy: String, policyText: String, verifierKey: String, checkpoint: String
        let entries: Int, tables: VectorTables, grants: [Grant]

        struct Grant: Decodable, Sendable { let id: String, token: String, field: String?, revoked: Bool }
    }

    struct Secret: Decodable, Sendable {
        let scope: String, name: String, deleted: Bool, tags: [String], description: String?, note: String?, url: String?, expiresAt: Int64?
        let versions: [[Field]]

        struct Field: Decodable, Sendable { let name: String, kind: String, binding: String?, value: String }
    }

    private let vector: RecordTable<Secret, Common>

    init() throws { vector = try RecordTable("vault", count: 4) }

    private func bench(_ memory: [UInt8]? = nil) async throws -> VaultBench {
        let remembered = MemoryStateFile()
        if let memory { try remembered.store(memory) }
        return VaultBench(store: try await vector.common.tables.store(), isMade: true, memory: remembered, hash: Argon2id())
    }

    @Test("it opens with its password, and every secret is as it was written") func secrets() async throws {
        let bench = try await bench()
        await #expect(throws: EngineError.wrongPassword) { try await bench.unlock("wrong wrong") }
        let report = try await bench.unlock(vector.common.password)
        #expect(!report.slotUpgraded && report.purgedSecrets == 0)
        for secret in vector.cases {
            let scope = VaultBench.scope(secret.scope)
            let shown = try await bench.open.show(VaultBench.name(secret.name), in: scope, by: bench.person())
            #expect(shown.tags == secret.tags)
            #expect([shown.description, shown.note, shown.url] == [secret.description, secret.note, secret.url])
            #expect(shown.expiresAt?.nanoseconds == secret.expiresAt)
            #expect((shown.deletedAt != nil) == secret.deleted)
            let history = try await bench.open.history(VaultBench.name(secret.name), in: scope, by: bench.person())
            #expect(history.map(\.number) == (1...Int64(secret.versions.count)).reversed())
            for (version, fields) in secret.versions.enumerated() {
                let view = try #require(history.first { $0.number == version + 1 })
                #expect(view.fields.map { [$0.name.description, $0.kind.rawValue, $0.binding] } == fields.map { [$0.name, $0.kind, $0.binding] })
                for field in fields where !secret.deleted {
                    let value = try await bench.reveal(secret.name, version: Int64(version + 1), field: field.name, in: scope)
                    #expect(value == field.value, "\(secret.name), version \(version + 1)")
                }
            }
        }
        #expect(try await bench.open.projects(by: bench.person()).map(\.name.description) == ["default", "shop"])
        let environments = try await bench.open.environments(of: VaultBench.segment("default"), by: bench.person())
        #expect(environments.map(\.name.description) == ["dev", "staging"])
    }

    @Test("its policy is in force, its badge makes an agent, its log verifies") func agentsAndLog() async throws {
        let bench = try await bench()
        try await bench.unlock(vector.common.password)
        let policy = try #require(try await bench.open.showPolicy(by: bench.person()))
        #expect(policy.version == 2)
        #expect([String(decoding: policy.json, as: UTF8.self), policy.text] == [vector.common.policy, vector.common.policyText])
        let agents = try await bench.open.agents(by: bench.person())
        #expect(agents.map(\.name.description) == ["claude-code", "old"])
        #expect(agents.map { $0.revokedAt == nil } == [true, false])
        let asker = try await bench.vault.asker(at: bench.terminal, source: .mcp, Credentials(badge: vector.common.badge))
        let listed = try await bench.open.list(VaultBench.dev, ListFilter(), by: asker).views
        #expect(listed.map(\.name.description) == ["stripe/api-key"])

        let requests = try await bench.open.requests(by: bench.person())
        #expect(requests.map(\.standing) == [.done, .expired])
        #expect(requests.map(\.request.purpose) == ["billing", "list invoices"])
        let factor = try await bench.open.factor(by: bench.person())
        #expect(factor?.isConfirmed == true && factor?.triesLeft == 1)
        let agent = try #require(asker.agent)
        #expect(try await bench.open.fuses(of: agent).count == 1)
        #expect(try await bench.open.fuses(of: nil).count == 1)

        for grant in vector.common.grants {
            let found = try #require(try await bench.open.grant(recognising: Array(grant.token.utf8)))
            #expect("\(found.id)" == grant.id && (found.record.revokedAt != nil) == grant.revoked && found.record.agent == agent)
            let row = try #require(try await bench.open.book.record(.grant, id: found.id.cast()))
            let (token, document) = try bench.open.token(of: row)
            #expect(token.text == grant.token && document.field?.description == grant.field)
        }
        #expect(Set(try await bench.open.tokens(by: bench.person()).map(\.state)) == [.live, .revoked])
        #expect(try bench.open.freeze.since == nil)

        #expect(try bench.open.verifierKey == vector.common.verifierKey)
        let kept = Array(vector.common.checkpoint.utf8)
        let report = try await bench.open.verifyAudit(trusted: [kept], by: bench.person())
        #expect(report.verdict.isIntact)
        let log = try await bench.log()
        #expect(log.prefix(vector.common.entries).map(\.action.text).filter { $0 == "secret.set" }.count == 3)
        #expect(log[4].subjects.first?.name == "default/dev/stripe/api-key")
        #expect(log.prefix(3).map(\.action.text) == ["vault.create", "rotation.begin", "rotation.end"])
    }

    @Test("it opens with its recovery key, and goes on like any other") func recoveryAndWrites() async throws {
        let bench = try await bench()
        let key = try RecoveryKey(parsing: vector.common.recovery.secret)
        let fresh = try await bench.vault.recover(with: key, newPassword: VaultBench.password.secret, by: bench.nobody(), at: bench.terminal)
        #expect(fresh.text().text != vector.common.recovery)
        let canary = bench.canary()
        try await bench.set("database", canary.secret)
        try await bench.open.renameEnvironment(
            VaultBench.segment("staging"), in: VaultBench.segment("default"), to: VaultBench.segment("test"), by: bench.person())
        try await bench.lock()
        await #expect(throws: EngineError.wrongPassword) { try await bench.unlock(vector.common.password) }
        try await bench.unlock()
        #expect(try await bench.reveal("database", field: "value") == canary.text)
        #expect(try await bench.verify().verdict.isIntact)
    }

    @Test("a rotation that the other program began is gone on with, and the first key goes") func rotation() async throws {
        let bench = try await bench()
        let report = try await bench.unlock(vector.common.password)
        #expect(report.warnings == ["a rotation of keys is not done: go on with `tacit rotate resume`"])
        let before = try await RotationTests.generations(bench)
        #expect(before.keys == [1, 2] && before.used == [1, 2])
        while try await bench.open.rotate(portion: 2, by: bench.person()).phase != .done {}
        let after = try await RotationTests.generations(bench)
        #expect(after.keys == [2] && after.used == [2])
        for secret in vector.cases where !secret.deleted {
            for (version, fields) in secret.versions.enumerated() {
                for field in fields {
                    let scope = VaultBench.scope(secret.scope)
                    #expect(try await bench.reveal(secret.name, version: Int64(version + 1), field: field.name, in: scope) == field.value)
                }
            }
        }
        #expect(try await bench.verify().verdict.isIntact)
    }

    @Test("its second epoch is followed by a third of ours, and what was drawn and hashed in the first is known") func epochs() async throws {
        let bench = try await bench()
        try await bench.unlock(vector.common.password)
        while try await bench.open.rotate(by: bench.person()).phase != .done {}
        let done = try await bench.vault.rotateOrganization(by: bench.person())
        #expect(done.generation == 3 && done.tokens == 1)
        for grant in vector.common.grants {
            #expect(try await bench.open.grant(recognising: Array(grant.token.utf8))?.record.revokedAt != nil)
        }
        try await bench.lock()
        try await bench.unlock(vector.common.password)
        #expect(try await bench.open.agent(badge: vector.common.badge)?.name.description == "claude-code")
        #expect(try await bench.verify().verdict.isIntact)
        #expect(try bench.open.keyring.formerEpochs().epochs.map(\.generation) == [1, 2])
    }

    @Test("nothing that was named, tagged, bound or written lies in the store in clear") func nothingInClear() async throws {
        let bench = try await VaultBench.unlocked()
        let words = (1...12).map { "CANARY-word-\($0)" }
        try await bench.open.createProject(VaultBench.segment(words[0]), by: bench.person())
        try await bench.open.createEnvironment(VaultBench.segment(words[1]), in: VaultBench.segment(words[0]), by: bench.person())
        var write = VaultBench.write("\(words[2])/\(words[3])", words[4].secret, field: words[5], kind: .plain)
        (write.tags, write.description, write.note, write.url) = ([words[6]], words[7], words[8], "https://\(words[9])")
        write.bindings = [("CANARY_VARIABLE", VaultBench.segment(words[5]))]
        _ = try await bench.open.set(write, in: VaultBench.scope("\(words[0])/\(words[1])"), by: bench.person())
        try await bench.allow([.maskedReturn], keys: "\(words[10])/*", agent: words[11])
        let badge = try await bench.open.addAgent(VaultBench.segment(words[11]), by: bench.person())
        let hash = try #require(Badge(parsing: badge)).hash(under: bench.open.keyring.keys.tokens)
        try await bench.lock()
        let dump = try await StoreDump(of: bench.store)
        var stored = dump.records.map(\.content) + dump.records.compactMap(\.lookup) + dump.keys.map(\.wrapped) + dump.entries.map(\.sealed)
        stored += dump.fields.flatMap { [$0.key.wrapped, $0.ciphertext.sealed] } + dump.checkpoints.map(\.note)
        for word in words + ["CANARY", badge, VaultBench.origin.executable] {
            #expect(!stored.contains { $0.holds(Array(word.utf8)) }, "\(word.prefix(16))")
        }
        #expect(!stored.contains { $0.holds(hash) })
        #expect(stored.contains { $0.holds(Array("argon2id".utf8)) }, "the search finds what is there")
    }

    @Test("what this machine remembers decides whether it is older than the one last seen") func remembered() async throws {
        struct Case: Decodable, Sendable { let name: String, expect: String, encoded: String }
        for scenario in try RecordTable<Case, VectorKeys>("remembered-heads", count: 13).cases {
            let bench = try await bench(hex(scenario.encoded))
            if scenario.expect == "older" {
                await #expect(throws: EngineError.rollbackSuspected, "\(scenario.name)") { try await bench.unlock(vector.common.password) }
                continue
            }
            let report = try await bench.unlock(vector.common.password)
            let warnings = report.warnings.filter { !$0.contains("tacit rotate resume") }
            #expect(warnings.isEmpty == (scenario.expect == "opens"), "\(scenario.name)")
            let unlock = try await bench.log().last { $0.action == .known(.vaultUnlock) }
            #expect(unlock?.detail.contains(AuditFact("remembered-head", "unreadable")) == (scenario.expect == "nothing"), "\(scenario.name)")
        }
    }
}

extension [UInt8] {
    fileprivate func holds(_ part: [UInt8]) -> Bool {
        count >= part.count && (0...(count - part.count)).contains { self[$0..<($0 + part.count)].elementsEqual(part) }
    }
}

/// The rows of every table, as a vector gives them.
struct VectorTables: Decodable, Sendable {
    let record: [VectorRow], key: [Key], version: [Version], data_key: [DataKey], ciphertext: [Ciphertext]
    let audit_entry: [Entry], audit_checkpoint: [Checkpoint]

    struct Key: Decodable, Sendable { let organization: String, owner: String, generation: Int64, wrapping: Int64, wrapped: String }
    struct Version: Decodable, Sendable { let organization: String, secret: String, number: Int64, created_at: Int64 }
    struct DataKey: Decodable, Sendable {
        let organization: String, secret: String, version: Int64, ordinal: Int64, generation: Int64, seal: Int64, wrapped: String
    }
    struct Ciphertext: Decodable, Sendable { let organization: String, secret: String, version: Int64, ordinal: Int64, seal: Int64, sealed: String }
    struct Entry: Decodable, Sendable { let organization: String, position: Int64, sealed: String, chain: String }
    struct Checkpoint: Decodable, Sendable { let organization: String, size: Int64, note: String, frontier: String }

    /// A store that holds these rows.
    func store() async throws -> InMemoryStore {
        let order: [RecordKind] = [
            .vault, .organization, .slot, .project, .environment, .secret, .policy, .agent, .approval, .factor, .fuse, .grant, .panic,
            .rotation, .epoch, .anchor,
        ]
        let records = try record.map { try $0.record() }
        var operations: [Batch.Operation] = order.flatMap { kind in records.filter { $0.kind == kind } }.map { .put($0, replacing: nil) }
        operations += try key.map {
            .insertKey(
                StoredKey(
                    organization: try vectorID($0.organization), owner: try vectorID($0.owner), generation: $0.generation, wrapping: $0.wrapping,
                    wrapped: try hex($0.wrapped)))
        }
        operations += try version.map {
            .insertVersion(
                StoredVersion(
                    organization: try vectorID($0.organization), secret: try vectorID($0.secret), number: $0.number,
                    createdAt: Timestamp(nanoseconds: $0.created_at)))
        }
        operations += try data_key.map {
            let address = FieldAddress(secret: try vectorID($0.secret), version: $0.version, ordinal: $0.ordinal)
            return .insertDataKey(
                StoredDataKey(
                    organization: try vectorID($0.organization), address: address, generation: $0.generation, seal: $0.seal,
                    wrapped: try hex($0.wrapped)))
        }
        operations += try ciphertext.map {
            let address = FieldAddress(secret: try vectorID($0.secret), version: $0.version, ordinal: $0.ordinal)
            return .insertCiphertext(
                StoredCiphertext(organization: try vectorID($0.organization), address: address, seal: $0.seal, sealed: try hex($0.sealed)))
        }
        operations += try audit_entry.map {
            .append(
                StoredEntry(
                    organization: try vectorID($0.organization), index: $0.position, sealed: try hex($0.sealed), chain: try hex($0.chain)))
        }
        operations += try audit_checkpoint.map {
            .insertCheckpoint(
                StoredCheckpoint(organization: try vectorID($0.organization), size: $0.size, note: try hex($0.note), frontier: try hex($0.frontier)))
        }
        let store = InMemoryStore()
        for result in try await store.commit([Batch(operations)]) { try result.get() }
        return store
    }
}
