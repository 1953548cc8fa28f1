import Auditing
import Envelopes
package import Model
import Policies
import Storage

/// A registered agent.
package struct RegisteredAgent: Sendable {
    package var name: SegmentName
    package var createdAt: Timestamp
    package var revokedAt: Timestamp?
    package var policies: [String]
    /// For how many secrets nothing leaves its runs, until a person resets it.
    package var withheldSecrets = 0
    /// Whether it is refused everything, until a person thaws it.
    package var isFrozen = false
}

extension OpenVault {
    /// The agents, by name.
    package func agents(by asker: Asker) async throws -> [RegisteredAgent] {
        let access = try await authorizer.authorize(Act(.agentList, .list, .person), by: asker, on: [])
        return try await concluding(access) {
            let fuses = try await book.records(.fuse).map { try FuseRecord(decoding: $0.content) }
            return try await book.records(.agent).map { row in
                let agent = try openAgent(row)
                return RegisteredAgent(
                    name: agent.document.name, createdAt: agent.record.createdAt, revokedAt: agent.record.revokedAt,
                    policies: policy.document.policies.filter { $0.applies(to: .agent(agent.document.name)) }.map(\.name),
                    withheldSecrets: fuses.count { $0.agent == row.id.cast() && $0.blownAt != nil },
                    isFrozen: freeze.denial(of: row.id.cast() as AgentID) != nil)
            }.sorted { $0.name < $1.name }
        }
    }

    /// Registers an agent and returns its badge; only the badge's hash is kept.
    package func addAgent(_ name: SegmentName, by asker: Asker) async throws -> String {
        try await administration.pass { [self] in
            let permit = try await authorizer.permit(Act(.agentAdd, .administer, .stepUp), by: asker, on: [])
            guard name.description != "unidentified" else {
                throw EngineError.invalid("`unidentified` stands for programs without a badge", hint: "choose another name")
            }
            guard try await book.record(.agent, parent: nil, name: name.description) == nil else { throw EngineError.nameTaken(.agent) }
            let id = AgentID(random: random)
            let badge = Badge(agent: id, secret: random.bytes(32))
            let document = AgentDocument(name: name, badgeHash: badge.hash(under: keyring.keys.tokens))
            let row = try agentRow(id, document, SealedRecord(createdAt: clock.now(), metadata: .none), replacing: nil)
            var change = Change()
            change.put(row, replacing: nil)
            try await authorizer.commit(permit, change, on: [AuditSubject(record: id.cast(), name: name.description)])
            return badge.text
        }
    }

    /// Makes an agent's badge worthless. Its name can be given again.
    package func revokeAgent(_ name: SegmentName, by asker: Asker) async throws {
        try await administration.pass { [self] in
            let permit = try await authorizer.permit(Act(.agentRevoke, .administer, .stepUp), by: asker, on: [])
            guard let row = try await book.record(.agent, parent: nil, name: name.description) else { throw EngineError.notFound(.agent) }
            var agent = try openAgent(row)
            agent.record.revokedAt = clock.now()
            let next = try agentRow(row.id.cast(), agent.document, agent.record, replacing: row)
            // First it has nothing any more: an entry that cannot be written keeps nothing alive.
            await endHoldings(of: .agent(row.id.cast()))
            // A run of it may end meanwhile, and with it tokens.
            try await retrying {
                var change = Change()
                change.put(next, replacing: row)
                for fuse in try await fuses(of: row.id.cast()) { change.remove(fuse) }
                let tokens = try revoke(try await grants { $0.agent == row.id.cast() }, in: &change)
                let detail = tokens > 0 ? [AuditFact("tokens", tokens)] : []
                try await authorizer.commit(permit, change, on: [AuditSubject(record: row.id, name: name.description)], detail: detail)
            }
            // What was allowed before this was stored.
            await endHoldings(of: .agent(row.id.cast()))
        }
    }

    /// The agent that a badge belongs to; nil for one that is unknown or revoked.
    package func agent(badge text: String) async throws -> (id: AgentID, name: SegmentName)? {
        guard let badge = Badge(parsing: text), let row = try await book.record(.agent, id: badge.agent.cast()) else { return nil }
        let agent = try openAgent(row)
        guard agent.record.revokedAt == nil, try keyring.isBadge(badge, agent.document, in: agent.record) else { return nil }
        return (badge.agent, agent.document.name)
    }

    /// What every agent is or was called.
    func agentNames() async throws -> [AgentID: String] {
        var names: [AgentID: String] = [:]
        for row in try await book.records(.agent) { names[row.id.cast()] = "\(try openAgent(row).document.name)" }
        return names
    }

    /// Whether an agent is registered now.
    func isRegistered(_ id: AgentID) async throws -> Bool {
        guard let row = try await book.record(.agent, id: id.cast()) else { return false }
        return try SealedRecord(decoding: row.content).revokedAt == nil
    }

    /// Whether an agent's badge was made worthless. Its row stays as long as the vault.
    func isRevoked(_ id: AgentID) async throws -> Bool {
        guard let row = try await book.record(.agent, id: id.cast()) else { return false }
        return try SealedRecord(decoding: row.content).revokedAt != nil
    }

    /// Writes down that a badge was shown which opens nothing, and says so.
    func refusedBadge(of asker: Asker) async throws -> EngineError {
        let error = EngineError.denied(.badBadge)
        try await authorizer.refuse(Act(.stepUpFailed, .none, .person), by: asker, on: [], error: error)
        return error
    }

    private func openAgent(_ row: Record) throws -> (record: SealedRecord, document: AgentDocument) {
        let record = try SealedRecord(decoding: row.content)
        let bytes = try record.metadata.open(under: keyring, place: agentPlace(row.id, revision: row.revision))
        return (record, try AgentDocument(decoding: bytes))
    }

    /// A revoked agent gives up its name.
    private func agentRow(_ id: AgentID, _ document: AgentDocument, _ record: SealedRecord, replacing old: Record?) throws -> Record {
        var record = record
        let keys = keyring.keys
        record.metadata = try SealedMetadata.seal(
            document.encoded, under: keys, place: agentPlace(id.cast(), revision: (old?.revision ?? 0) + 1), random: random)
        let name = record.revokedAt == nil ? document.name.description : nil
        return book.make(.agent, id: id.cast(), parent: nil, name: name, content: record.encoded, replacing: old, under: keys)
    }

    private func agentPlace(_ id: AnyRecordID, revision: Int64) -> MetadataPlace {
        MetadataPlace(organization: organization, project: nil, environment: nil, record: id, revision: revision)
    }
}

extension SealedMetadata {
    /// Stands for metadata that is sealed in the next step.
    static let none = SealedMetadata(generation: 0, wrapped: [], sealed: [])
}

/// What an agent shows to be known: its id and 256 random bits.
struct Badge: Sendable {
    var agent: AgentID
    var secret: [UInt8]

    var text: String { "tacit-badge-\(agent)-\(secret.hexadecimal)" }

    /// What is kept of it.
    func hash(under key: MACKey) -> [UInt8] { key.code(over: Array(text.utf8)) }

    init(agent: AgentID, secret: [UInt8]) {
        self.agent = agent
        self.secret = secret
    }

    init?(parsing text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "tacit", parts[1] == "badge", let agent = AgentID(parts[2]),
            let secret = [UInt8](hexadecimal: parts[3]), secret.count == 32
        else { return nil }
        self.init(agent: agent, secret: secret)
    }
}

extension Keyring {
    /// Whether a badge is an agent's, under the key of its time.
    func isBadge(_ badge: Badge, _ document: AgentDocument, in record: SealedRecord) throws -> Bool {
        guard let generation = document.generation else {
            return try keys(record.metadata.generation).tokens.isValid(document.badgeHash, over: Array(badge.text.utf8))
        }
        return try formerEpochs().tokens(generation)?.isValid(document.badgeHash, over: Array(badge.text.utf8)) ?? false
    }
}
