import Envelopes
import Model
import Storage

/// Makes and opens the records of projects and environments.
struct NamedRecords: Sendable {
    let keyring: Keyring
    let book: RecordBook
    let random: RandomBytes
    let clock: MachineClock

    /// A project or environment with its opened name.
    struct Named: Sendable {
        var row: Record
        var record: SealedRecord
        var name: SegmentName
    }

    /// The record of the organization itself, which its key belongs to.
    func organizationRecord(named name: SegmentName) throws -> Record {
        let id: AnyRecordID = keyring.organization.cast()
        let place = MetadataPlace(organization: keyring.organization, project: nil, environment: nil, record: id, revision: 1)
        let keys = keyring.keys
        let metadata = try SealedMetadata.seal(NameDocument(name: name).encoded, under: keys, place: place, random: random)
        let content = SealedRecord(createdAt: clock.now(), metadata: metadata).encoded
        return book.make(.organization, id: id, parent: nil, name: name.description, content: content, under: keys)
    }

    /// Adds a project with its first key to a change; a restored one has the id and the time that it had.
    func makeProject(
        _ name: SegmentName, id: ProjectID? = nil, createdAt: Timestamp? = nil, change: inout Change
    ) async throws -> ProjectAtHand {
        let id = id ?? ProjectID(random: random)
        let made = try await keyring.makeProjectKey(id, random: random)
        let keys = keyring.keys
        let metadata = try SealedMetadata.seal(
            NameDocument(name: name).encoded, under: keys, place: projectPlace(id, revision: 1), random: random)
        let content = SealedRecord(createdAt: createdAt ?? clock.now(), metadata: metadata).encoded
        change.put(book.make(.project, id: id.cast(), parent: nil, name: name.description, content: content, under: keys), replacing: nil)
        change.add(.insertKey(made.row))
        return ProjectAtHand(id: id, key: made.key, generation: made.row.generation)
    }

    /// Adds an environment to a change; a restored one has the id and the time that it had.
    @discardableResult
    func makeEnvironment(
        _ name: SegmentName, in project: ProjectAtHand, id: EnvironmentID? = nil, createdAt: Timestamp? = nil, change: inout Change
    ) throws -> EnvironmentID {
        let id = id ?? EnvironmentID(random: random)
        let metadata = try SealedMetadata.seal(
            NameDocument(name: name).encoded, under: project.key, generation: project.generation,
            place: environmentPlace(id, in: project.id, revision: 1), random: random)
        let content = SealedRecord(createdAt: createdAt ?? clock.now(), metadata: metadata).encoded
        let row = book.make(.environment, id: id.cast(), parent: project.id.cast(), name: name.description, content: content)
        change.put(row, replacing: nil)
        change.expectNewestKey(of: project.id, project.generation, in: keyring.organization)
        return id
    }

    /// The next state of a project that is called otherwise.
    func rename(project row: Record, to name: SegmentName) throws -> Record {
        var record = try SealedRecord(decoding: row.content)
        let keys = keyring.keys
        record.metadata = try SealedMetadata.seal(
            NameDocument(name: name).encoded, under: keys, place: projectPlace(row.id.cast(), revision: row.revision + 1), random: random)
        return book.make(.project, id: row.id, parent: nil, name: name.description, content: record.encoded, replacing: row, under: keys)
    }

    /// Adds the next state of an environment to a change, called so, with its name sealed anew.
    func put(environment row: Record, in project: ProjectID, named name: SegmentName, into change: inout Change) async throws {
        var record = try SealedRecord(decoding: row.content)
        let (key, generation) = try await keyring.projectKey(project)
        record.metadata = try SealedMetadata.seal(
            NameDocument(name: name).encoded, under: key, generation: generation,
            place: environmentPlace(row.id.cast(), in: project, revision: row.revision + 1), random: random)
        change.put(
            book.make(.environment, id: row.id, parent: row.parent, name: name.description, content: record.encoded, replacing: row), replacing: row)
        change.expectNewestKey(of: project, generation, in: keyring.organization)
    }

    func openProject(_ row: Record) throws -> Named {
        let record = try SealedRecord(decoding: row.content)
        let bytes = try record.metadata.open(under: keyring, place: projectPlace(row.id.cast(), revision: row.revision))
        return Named(row: row, record: record, name: try NameDocument(decoding: bytes, of: .project).name)
    }

    func openEnvironment(_ row: Record, in project: ProjectID) async throws -> Named {
        let record = try SealedRecord(decoding: row.content)
        let (key, _) = try await keyring.projectKey(project, generation: record.metadata.generation)
        let place = environmentPlace(row.id.cast(), in: project, revision: row.revision)
        let bytes = try record.metadata.open(under: key, place: place)
        return Named(row: row, record: record, name: try NameDocument(decoding: bytes, of: .environment).name)
    }

    private func projectPlace(_ id: ProjectID, revision: Int64) -> MetadataPlace {
        MetadataPlace(organization: keyring.organization, project: id, environment: nil, record: id.cast(), revision: revision)
    }

    private func environmentPlace(_ id: EnvironmentID, in project: ProjectID, revision: Int64) -> MetadataPlace {
        MetadataPlace(organization: keyring.organization, project: project, environment: id, record: id.cast(), revision: revision)
    }
}

/// A project whose key is at hand.
struct ProjectAtHand: Sendable {
    var id: ProjectID
    var key: WrappingKey
    var generation: Int64
}
