import Auditing
import Brokering
import Envelopes
import Model
import Storage

/// Makes the next state of each mutable row under another generation of the organization key: look-up, MAC and metadata are new, what they say is what it was.
///
/// What a row is found by is computed anew from its content, and held against what it was found by so far: a row that would be lost stops everything.
struct RowMover: Sendable {
    private let old: OrganizationKeys
    private let new: OrganizationKeys
    private let organization: OrganizationID
    private let former: FormerEpochs
    private let projects: [ProjectID: Keyring.ProjectKeys]
    private let random: RandomBytes
    private let now: Timestamp
    /// Stands in the place of names that nobody needs here.
    private let scope: Scope
    private var environments: [AnyRecordID: ProjectID] = [:]
    /// Tokens that were live.
    private(set) var endedTokens: [GrantID] = []
    private(set) var count = 0

    init(
        from old: OrganizationKeys, to new: OrganizationKeys, of organization: OrganizationID, former: FormerEpochs,
        projects: [ProjectID: Keyring.ProjectKeys], random: RandomBytes, now: Timestamp
    ) throws {
        scope = Scope(project: try SegmentName("any", of: .project), environment: try SegmentName("any", of: .environment))
        (self.old, self.new, self.organization, self.former) = (old, new, organization, former)
        (self.projects, self.random, self.now) = (projects, random, now)
    }

    /// What a row becomes.
    private struct Moved {
        var content: [UInt8]
        /// By what it was found, and is from here on.
        var lookups: (old: [UInt8], new: [UInt8])?
    }

    /// Environments come before the secrets that lie in them.
    mutating func next(of row: Record) throws -> Record {
        guard row.organization == organization, old.isGenuine(row) else { throw EngineError.recordsDisagree }
        let moved = try moved(row)
        guard row.lookup == moved.lookups?.old else { throw EngineError.recordsDisagree }
        var next = row
        (next.revision, next.content, next.lookup) = (row.revision + 1, moved.content, moved.lookups?.new)
        next.mac = new.code(over: next)
        count += 1
        return next
    }

    private mutating func moved(_ row: Record) throws -> Moved {
        switch row.kind {
        case .vault, .slot: Moved(content: row.content)
        case .rotation: named(row, RotationRecord.name, row.content)
        case .fuse: named(row, FuseRecord.name(of: try FuseRecord(decoding: row.content).agent), row.content)
        case .anchor: named(row, try Anchor(decoding: row.content).name, row.content)
        case .panic: named(row, try PanicRecord(decoding: row.content).extent.name, row.content)
        case .organization: try sealed(row) { try NameDocument(decoding: $0, of: .organization).name.description }
        case .project: try sealed(row) { try NameDocument(decoding: $0, of: .project).name.description }
        case .policy: try sealed(row) { try StoredPolicy(decoding: $0).name }
        case .epoch: try sealed(row) { Epoch.name(of: try Epoch(decoding: $0).generation) }
        case .factor: try sealed(row) { _ in OpenVault.factorName }
        case .approval: try sealed(row) { _ in nil }
        case .agent: try agent(row)
        case .grant: try grant(row)
        case .environment: try environment(row)
        case .secret: try secret(row)
        }
    }

    private func named(_ row: Record, _ name: String, _ content: [UInt8]) -> Moved {
        let lookups = (old.lookup(row.kind, parent: row.parent, name: name), new.lookup(row.kind, parent: row.parent, name: name))
        return Moved(content: content, lookups: lookups)
    }

    private func place(of row: Record, _ project: ProjectID? = nil, _ environment: EnvironmentID? = nil) -> MetadataPlace {
        var place = MetadataPlace(organization: organization, project: project, environment: environment, record: row.id, revision: row.revision)
        place.isPolicy = row.kind == .policy
        return place
    }

    /// A row whose document is under the organization key; `name` reads by what it is found.
    private func sealed(_ row: Record, _ name: ([UInt8]) throws -> String?) throws -> Moved {
        var record = try SealedRecord(decoding: row.content)
        let place = place(of: row, row.kind == .project ? row.id.cast() : nil)
        var document = try record.metadata.open(under: old.key, place: place)
        defer { document.wipe() }
        let name = try name(document)
        record.metadata = try sealedAnew(document, place)
        return name.map { named(row, $0, record.encoded) } ?? Moved(content: record.encoded)
    }

    private func sealedAnew(_ document: [UInt8], _ place: MetadataPlace) throws -> SealedMetadata {
        var place = place
        place.revision += 1
        return try SealedMetadata.seal(document, under: new, place: place, random: random)
    }

    /// Its badge stays good: the document says under which key the hash is.
    private func agent(_ row: Record) throws -> Moved {
        var record = try SealedRecord(decoding: row.content)
        let place = place(of: row)
        var document = try AgentDocument(decoding: record.metadata.open(under: old.key, place: place))
        document.generation = document.generation ?? old.generation
        record.metadata = try sealedAnew(document.encoded, place)
        // A revoked one has given up its name.
        return record.revokedAt == nil ? named(row, document.name.description, record.encoded) : Moved(content: record.encoded)
    }

    /// Its token is known from here on, and good for nothing.
    private mutating func grant(_ row: Record) throws -> Moved {
        var record = try GrantRecord(decoding: row.content)
        let place = place(of: row)
        var document = try GrantDocument(decoding: record.metadata.open(under: old.key, place: place))
        guard let token = former.token(of: row.id.cast(), document, under: old) else { throw EngineError.unreadable }
        document.generation = document.generation ?? old.generation
        record.metadata = try sealedAnew(document.encoded, place)
        if record.state(at: now) == .live {
            record.revokedAt = now
            endedTokens.append(row.id.cast())
        }
        let text = Array(token.text.utf8)
        return Moved(content: record.encoded, lookups: (old.fakeTokens.lookup(of: text), new.fakeTokens.lookup(of: text)))
    }

    private mutating func environment(_ row: Record) throws -> Moved {
        guard let project: ProjectID = row.parent?.cast() else { throw EngineError.recordsDisagree }
        environments[row.id] = project
        var record = try SealedRecord(decoding: row.content)
        let (document, metadata) = try moved(record.metadata, of: project, place(of: row, project, row.id.cast()))
        record.metadata = metadata
        return named(row, try NameDocument(decoding: document, of: .environment).name.description, record.encoded)
    }

    private func secret(_ row: Record) throws -> Moved {
        guard let parent = row.parent, let project = environments[parent] else { throw EngineError.recordsDisagree }
        var record = try SecretRecord(row, place: Place(organization: organization, project: project, environment: parent.cast(), scope: scope))
        let (document, metadata) = try moved(record.metadata, of: project, record.metadataPlace(revision: row.revision))
        record.metadata = metadata
        return named(row, try SecretMetadata(decoding: document).name.description, record.content)
    }

    /// Metadata under a project's key, which stays as it is, for the next revision.
    private func moved(
        _ metadata: SealedMetadata, of project: ProjectID, _ place: MetadataPlace
    ) throws -> (document: [UInt8], metadata: SealedMetadata) {
        guard let keys = projects[project], let newest = keys.newest, let key = keys.byGeneration[newest],
            let before = keys.byGeneration[metadata.generation]
        else { throw EngineError.unreadable }
        let document = try metadata.open(under: before, place: place)
        var place = place
        place.revision += 1
        return (document, try SealedMetadata.seal(document, under: key, generation: newest, place: place, random: random))
    }
}
