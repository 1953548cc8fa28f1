import Envelopes
import Model
import Storage

/// One portion of a rotation: goes on from where the record stands, and gathers what moves rows under the newest keys.
///
/// It holds a portion and no more, however much there is. Nothing is stored here.
struct RotationWalk {
    /// How many rows are looked at in one portion at most, moved or not.
    static let mostLooked = 50_000
    /// How many secrets are gone over together.
    private static let page = 500
    /// How many rows are sealed anew by one task.
    private static let besideEachOther = 64

    let vault: OpenVault
    var record: RotationRecord
    private(set) var change = Change()
    /// What this portion moves.
    private(set) var versions: Int64 = 0
    private(set) var rows: Int64 = 0
    /// Shows that values may be opened, once it is needed.
    private(set) var access: AuthorizedAccess?
    private let begin: @Sendable () async throws -> AuthorizedAccess
    private var room: Int
    private var looked = 0
    /// The environment that the cursor is in.
    private var place: Place?

    init(_ record: RotationRecord, room: Int, in vault: OpenVault, begin: @escaping @Sendable () async throws -> AuthorizedAccess) {
        (self.vault, self.record, self.room, self.begin) = (vault, record, room, begin)
    }

    /// Goes on until the portion is full or the pass is over.
    mutating func run() async throws {
        if record.cursor.isAtEnd { beginPass() }
        while room > 0, looked < Self.mostLooked, !record.cursor.isAtEnd {
            if record.cursor.environment == nil || record.cursor.isEnvironmentDone { try await enterNext() } else { try await movePage() }
        }
        record.versions += versions
        record.rows += rows
        record.movedInPass += rows + Int64(keysMoved)
    }

    private var keysMoved = 0

    private mutating func beginPass() {
        record.pass += 1
        record.movedInPass = 0
        record.cursor = RotationCursor()
    }

    private mutating func enterNext() async throws {
        guard let project = try await currentProject() else {
            record.cursor.isAtEnd = true
            return
        }
        let next = try await vault.store.records(
            .environment, parent: project.cast(), after: record.cursor.environment?.cast(), limit: 1, in: vault.organization)
        guard let row = next.first else {
            // The next project begins before its first environment.
            record.cursor = RotationCursor(in: project)
            try await leave(project)
            return
        }
        record.cursor.enter(row.id.cast())
        try await move(environment: row, in: project)
    }

    /// The project that the cursor is in, or the first.
    private mutating func currentProject() async throws -> ProjectID? {
        if let project = record.cursor.project { return project }
        if let only = record.project {
            record.cursor.project = only
        } else {
            record.cursor.project = try await project(after: nil)
        }
        return record.cursor.project
    }

    private mutating func leave(_ project: ProjectID) async throws {
        let next = record.project == nil ? try await self.project(after: project) : nil
        record.cursor = RotationCursor(in: next ?? project)
        record.cursor.isAtEnd = next == nil
    }

    private func project(after project: ProjectID?) async throws -> ProjectID? {
        try await vault.store.records(.project, parent: nil, after: project?.cast(), limit: 1, in: vault.organization).first?.id.cast()
    }

    private mutating func move(environment row: Record, in project: ProjectID) async throws {
        looked += 1
        try vault.book.check(row)
        guard row.kind == .environment, row.parent == project.cast() else { throw EngineError.recordsDisagree }
        let newest = try await vault.keyring.projectKey(project).generation
        guard try SealedRecord(decoding: row.content).metadata.generation != newest else { return }
        let name = try await vault.names.openEnvironment(row, in: project).name
        try await vault.names.put(environment: row, in: project, named: name, into: &change)
        countRow()
    }
}

// MARK: - Secrets

extension RotationWalk {
    /// Moves a page of secrets: their rows, then the data keys of their versions.
    private mutating func movePage() async throws {
        let place = try await currentPlace()
        let page = try await vault.store.records(
            .secret, parent: place.environment.cast(), after: record.cursor.secret?.cast(), limit: Self.page, in: vault.organization)
        looked += page.count
        if !record.cursor.hasRows { try await moveRows(page, in: place) }
        guard record.cursor.hasRows, room > 0, try await moveKeys(page, in: place) else { return }
        guard page.count == Self.page, let last = page.last else {
            record.cursor.isEnvironmentDone = true
            return
        }
        record.cursor.goOn(behind: last.id.cast())
    }

    private mutating func moveRows(_ page: [Record], in place: Place) async throws {
        let newest = try await vault.keyring.projectKey(place.project).generation
        var stale: [SecretRecord] = []
        for row in page {
            try vault.book.check(row)
            let secret = try SecretRecord(row, place: place)
            if secret.metadata.generation != newest { stale.append(secret) }
        }
        let part = stale.prefix(room)
        for (secret, next) in zip(part, try await Self.sealedAnew(part, vault.shelf)) {
            change.put(next.row, replacing: secret.row)
            change.expectNewestKey(of: place.project, next.generation, in: vault.organization)
            countRow()
        }
        record.cursor.hasRows = part.count == stale.count
    }

    /// The next states of rows, in their order.
    private static func sealedAnew(_ secrets: ArraySlice<SecretRecord>, _ shelf: SecretShelf) async throws -> [(row: Record, generation: Int64)] {
        try await withThrowingTaskGroup(of: (Int, [(row: Record, generation: Int64)]).self) { group in
            for start in stride(from: secrets.startIndex, to: secrets.endIndex, by: Self.besideEachOther) {
                let part = secrets[start..<min(start + Self.besideEachOther, secrets.endIndex)]
                group.addTask {
                    var rows: [(row: Record, generation: Int64)] = []
                    for secret in part { rows.append(try await shelf.row(secret, metadata: shelf.metadata(secret))) }
                    return (start, rows)
                }
            }
            var parts: [(Int, [(row: Record, generation: Int64)])] = []
            for try await part in group { parts.append(part) }
            return parts.sorted { $0.0 < $1.0 }.flatMap(\.1)
        }
    }

    private mutating func countRow() {
        rows += 1
        room -= 1
    }

    /// Whether nothing more is to be moved of these secrets.
    private mutating func moveKeys(_ page: [Record], in place: Place) async throws -> Bool {
        let mover = FieldMover(vault: vault, place: place, newest: try await vault.keyring.projectKey(place.project))
        let limit = record.kind == .reseal ? min(room, FieldMover.resealed) : room
        let keys = try await vault.store.dataKeys(
            of: page.map { $0.id.cast() }, notUnder: mover.newest.generation, after: record.cursor.key, limit: limit, in: vault.organization)
        guard !keys.isEmpty else { return true }
        let moved = record.kind == .reseal ? try await mover.reseal(keys, access: accessToValues()) : try await mover.rewrap(keys)
        for operation in moved.operations { change.add(operation) }
        change.expectNewestKey(of: place.project, mover.newest.generation, in: vault.organization)
        let done = keys[..<moved.count]
        record.cursor.key = done.last?.address
        versions += Int64(done.count { $0.address.ordinal == 0 })
        keysMoved += done.count
        room = moved.isFull ? 0 : room - done.count
        return moved.count == keys.count && keys.count < limit
    }

    private mutating func accessToValues() async throws -> AuthorizedAccess {
        if let access { return access }
        let begun = try await begin()
        access = begun
        return begun
    }

    private mutating func currentPlace() async throws -> Place {
        if let place, place.environment == record.cursor.environment { return place }
        guard let project = record.cursor.project, let environment = record.cursor.environment,
            let outer = try await vault.book.record(.project, id: project.cast()),
            let row = try await vault.book.record(.environment, id: environment.cast())
        else { throw StoreError.conflict(.environment) }
        let names = (try vault.names.openProject(outer).name, try await vault.names.openEnvironment(row, in: project).name)
        let found = Place(
            organization: vault.organization, project: project, environment: environment, scope: Scope(project: names.0, environment: names.1))
        place = found
        return found
    }
}
