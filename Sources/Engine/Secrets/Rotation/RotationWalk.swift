import Auditing
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
    /// How many rows are looked at or sealed anew by one task.
    private static let ofOneTask = 64

    let vault: OpenVault
    var record: RotationRecord
    private(set) var change = Change()
    /// What this portion moves.
    private(set) var versions: Int64 = 0
    private(set) var rows: Int64 = 0
    /// Shows that values may be opened, once it is needed.
    private let access: @Sendable () async throws -> AuthorizedAccess
    private var room: Int
    private var looked = 0
    /// The environment that the cursor is in.
    private var place: Place?
    /// The rows that the portion before moves, which may not be stored yet.
    private var movedBefore: Set<AnyRecordID> = []
    /// The page whose data keys are being moved: of its secrets nothing but the ids is needed any more.
    private var page: (environment: EnvironmentID, after: SecretID?, secrets: [SecretID])?

    init(_ record: RotationRecord, room: Int, in vault: OpenVault, access: @escaping @Sendable () async throws -> AuthorizedAccess) {
        (self.vault, self.record, self.room, self.access) = (vault, record, room, access)
    }

    /// Goes on behind a portion that may not be stored yet: what it moves is passed over. Not at the end of a pass, which the next one is to see.
    init(after portion: RotationWalk, room: Int) {
        self.init(portion.record, room: room, in: portion.vault, access: portion.access)
        movedBefore = Set(portion.change.added.map(\.id))
        page = portion.page
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
        let secrets: [SecretID]
        if record.cursor.hasRows, let page, page.environment == place.environment, page.after == record.cursor.secret {
            secrets = page.secrets
            guard try await moveKeys(keys(of: secrets, in: place, limit: room), in: place) else { return }
        } else {
            let rows = try await vault.store.records(
                .secret, parent: place.environment.cast(), after: record.cursor.secret?.cast(), limit: Self.page, in: vault.organization)
            looked += rows.count
            secrets = rows.map { $0.id.cast() }
            page = (place.environment, record.cursor.secret, secrets)
            // Read while rows are sealed anew: as many as there is room for behind all of those.
            async let keys = keys(of: secrets, in: place, limit: record.pass > 1 ? room : max(1, room - rows.count))
            if !record.cursor.hasRows { try await moveRows(rows, in: place) }
            let found = try await keys
            guard record.cursor.hasRows, room > 0, try await moveKeys(found, in: place) else { return }
        }
        guard secrets.count == Self.page, let last = secrets.last else {
            record.cursor.isEnvironmentDone = true
            return
        }
        record.cursor.goOn(behind: last)
    }

    private mutating func moveRows(_ page: [Record], in place: Place) async throws {
        let newest = try await vault.keyring.projectKey(place.project).generation
        let (book, movedBefore) = (vault.book, movedBefore)
        let stale = try await Self.besideEachOther(page[...]) { row in
            try book.check(row)
            let secret = try SecretRecord(row, place: place)
            return secret.metadata.generation != newest && !movedBefore.contains(row.id) ? secret : nil
        }
        let (part, shelf) = (stale.prefix(room), vault.shelf)
        // Two nonces each, of which the key's comes from here too.
        let random = vault.random.stocking(nonces: 2 * part.count)
        let moved = try await Self.besideEachOther(part) { secret in try await shelf.moved(secret, random: random) }
        for (secret, next) in zip(part, moved) {
            change.put(next.row, replacing: secret.row)
            change.expectNewestKey(of: place.project, next.generation, in: vault.organization)
            countRow()
        }
        record.cursor.hasRows = part.count == stale.count
    }

    /// What becomes of each, in their order, without those of which nothing does; some by each task.
    private static func besideEachOther<Element: Sendable, Result: Sendable>(
        _ elements: ArraySlice<Element>, _ body: @escaping @Sendable (Element) async throws -> Result?
    ) async throws -> [Result] {
        try await withThrowingTaskGroup(of: (Int, [Result]).self) { group in
            for start in stride(from: elements.startIndex, to: elements.endIndex, by: Self.ofOneTask) {
                let part = elements[start..<min(start + Self.ofOneTask, elements.endIndex)]
                group.addTask {
                    var results: [Result] = []
                    for element in part { if let result = try await body(element) { results.append(result) } }
                    return (start, results)
                }
            }
            var parts: [(Int, [Result])] = []
            for try await part in group { parts.append(part) }
            return parts.sorted { $0.0 < $1.0 }.flatMap(\.1)
        }
    }

    private mutating func countRow() {
        rows += 1
        room -= 1
    }

    /// The data keys of these secrets from where the cursor stands that are to be moved, and whether there may be more.
    private func keys(of secrets: [SecretID], in place: Place, limit: Int) async throws -> (keys: [StoredDataKey], isAll: Bool) {
        let newest = try await vault.keyring.projectKey(place.project).generation
        let limit = record.kind == .reseal ? min(limit, FieldMover.resealed) : limit
        let keys = try await vault.store.dataKeys(of: secrets, notUnder: newest, after: record.cursor.key, limit: limit, in: vault.organization)
        return (keys, keys.count < limit)
    }

    /// Whether nothing more is to be moved of these secrets.
    private mutating func moveKeys(_ found: (keys: [StoredDataKey], isAll: Bool), in place: Place) async throws -> Bool {
        let keys = Array(found.keys.prefix(room))
        guard !keys.isEmpty else { return found.isAll }
        let mover = FieldMover(vault: vault, place: place, newest: try await vault.keyring.projectKey(place.project))
        let moved = record.kind == .reseal ? try await mover.reseal(keys, access: access()) : try await mover.rewrap(keys)
        change.add(moved.operations)
        change.expectNewestKey(of: place.project, mover.newest.generation, in: vault.organization)
        let done = keys[..<moved.count]
        record.cursor.key = done.last?.address
        versions += Int64(done.count { $0.address.ordinal == 0 })
        keysMoved += done.count
        room = moved.isFull ? 0 : room - done.count
        return found.isAll && moved.count == found.keys.count
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
