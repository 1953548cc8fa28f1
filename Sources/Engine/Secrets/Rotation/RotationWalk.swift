import Auditing
import Envelopes
import Model
import Storage

/// One portion of a rotation: goes on from where the record stands, and finds what is to come under the newest keys.
///
/// It holds a portion and no more, however much there is. Nothing is sealed here but what decides how far the portion goes, and nothing is stored: while
/// `change` makes ready what was found, the next portion can be looked for.
struct RotationWalk {
    /// How many rows are looked at in one portion at most, moved or not.
    static let mostLooked = 50_000
    /// How many secrets are gone over together.
    private static let page = 500

    let vault: OpenVault
    var record: RotationRecord
    /// What was found, in the order in which it is stored.
    private(set) var parts: [RotationPart] = []
    /// What this portion moves.
    private(set) var versions: Int64 = 0
    private(set) var rows: Int64 = 0
    private var keysMoved = 0
    /// Shows that values may be opened, once it is needed.
    private let access: @Sendable () async throws -> AuthorizedAccess
    private var room: Int
    private var looked = 0
    /// The environment that the cursor is in.
    private var place: Place?
    /// The rows of the page that it is in which were found before, and may not be stored yet.
    private var found: Set<AnyRecordID> = []
    /// The page whose data keys are being moved: of its secrets nothing but the ids is needed any more.
    private var page: (environment: EnvironmentID, after: SecretID?, secrets: [SecretID])?
    /// The rows of the page behind it, which are read while its data keys are.
    private var ahead: (environment: EnvironmentID, after: SecretID, rows: [Record])?

    init(_ record: RotationRecord, room: Int, in vault: OpenVault, access: @escaping @Sendable () async throws -> AuthorizedAccess) {
        (self.vault, self.record, self.room, self.access) = (vault, record, room, access)
    }

    /// Goes on behind portions that may not be stored yet: what they move is passed over. Not at the end of a pass, which the next one is to see.
    init(after portion: RotationWalk, room: Int) {
        self.init(portion.record, room: room, in: portion.vault, access: portion.access)
        (found, page, ahead) = (portion.found, portion.page, portion.ahead)
    }

    /// The same once it has gone on until the portion is full or the pass is over.
    func done() async throws -> RotationWalk {
        var walk = self
        try await walk.run()
        return walk
    }

    private mutating func run() async throws {
        if record.cursor.isAtEnd { beginPass() }
        while room > 0, looked < Self.mostLooked, !record.cursor.isAtEnd {
            if record.cursor.environment == nil || record.cursor.isEnvironmentDone { try await enterNext() } else { try await movePage() }
        }
        record.versions += versions
        record.rows += rows
        record.movedInPass += rows + Int64(keysMoved)
    }

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
        found = []
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
        var change = Change()
        try await vault.names.put(environment: row, in: project, named: name, into: &change)
        parts.append(.change(change))
        countRow()
    }
}

// MARK: - Secrets

extension RotationWalk {
    /// Goes over a page of secrets: their rows, then the data keys of their versions.
    private mutating func movePage() async throws {
        let place = try await currentPlace()
        if !record.cursor.hasRows || !isPageKnown(place) {
            let rows = try await rows(after: record.cursor.secret, in: place)
            looked += rows.count
            page = (place.environment, record.cursor.secret, rows.map { $0.id.cast() })
            if !record.cursor.hasRows { try await moveRows(rows, in: place) }
        }
        guard let secrets = page?.secrets, record.cursor.hasRows, room > 0 else { return }
        let last = secrets.count == Self.page ? secrets.last : nil
        let present = self
        async let next = last == nil ? [] : present.rows(after: last, in: place)
        let isDone = try await moveKeys(of: secrets, in: place)
        let rows = try await next
        ahead = last.map { (place.environment, $0, rows) }
        guard isDone else { return }
        guard let last else {
            record.cursor.isEnvironmentDone = true
            return
        }
        record.cursor.goOn(behind: last)
        found = []
    }

    /// A page of rows, from the store or as it was read before.
    private func rows(after: SecretID?, in place: Place) async throws -> [Record] {
        if let ahead, ahead.environment == place.environment, ahead.after == after { return ahead.rows }
        return try await vault.store.records(
            .secret, parent: place.environment.cast(), after: after?.cast(), limit: Self.page, in: vault.organization)
    }

    private func isPageKnown(_ place: Place) -> Bool {
        guard let page else { return false }
        return page.environment == place.environment && page.after == record.cursor.secret
    }

    /// What a row says of its key decides whether it moves: whoever makes the portion ready checks all of them first.
    private mutating func moveRows(_ page: [Record], in place: Place) async throws {
        let newest = try await vault.keyring.projectKey(place.project).generation
        var (moving, besides) = ([Record](), [Record]())
        var isAll = true
        for row in page {
            let isStale = try SecretRecord.generation(of: row) != newest && !found.contains(row.id)
            guard isStale, room > 0 else {
                isAll = isAll && !isStale
                besides.append(row)
                continue
            }
            moving.append(row)
            countRow()
        }
        parts.append(.rows(moving[...], besides: besides[...], in: place))
        record.cursor.hasRows = isAll
        if !isAll { found.formUnion(moving.map(\.id)) }
    }

    private mutating func countRow() {
        rows += 1
        room -= 1
    }

    /// Goes over the data keys of these secrets from where the cursor stands; whether nothing more is to be moved of them.
    private mutating func moveKeys(of secrets: [SecretID], in place: Place) async throws -> Bool {
        let newest = try await vault.keyring.projectKey(place.project)
        let limit = record.kind == .reseal ? min(room, FieldMover.resealed) : room
        let keys = try await vault.store.dataKeys(
            of: secrets, notUnder: newest.generation, after: record.cursor.key, limit: limit, in: vault.organization)
        let isAll = keys.count < limit
        guard !keys.isEmpty else { return isAll }
        var done = keys[...]
        if record.kind == .reseal {
            let moved = try await FieldMover(vault: vault, place: place, newest: newest).reseal(keys, access: access())
            parts.append(.change(moved.change))
            done = keys[..<moved.count]
            if moved.isFull { room = done.count }
        } else {
            parts.append(.keys(keys[...], in: place))
        }
        record.cursor.key = done.last?.address
        versions += Int64(done.count { $0.address.ordinal == 0 })
        keysMoved += done.count
        room -= done.count
        return isAll && done.count == keys.count
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
