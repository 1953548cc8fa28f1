import Auditing
import Envelopes
package import Model
import Storage

/// What is to be drawn anew.
package struct RotationWish: Sendable {
    package var kind: RotationKind
    /// The project whose key it is; none for a reseal.
    package var project: SegmentName?

    package init(_ kind: RotationKind, project: SegmentName? = nil) { (self.kind, self.project) = (kind, project) }
}

/// How far a rotation is.
package struct RotationProgress: Sendable, Equatable {
    package enum Phase: String, Sendable { case moving, checking, done }
    package var kind: RotationKind
    package var project: SegmentName?
    package var startedAt: Timestamp
    package var phase: Phase
    /// Versions that were moved, of how many that there were when it began.
    package var versions: Int64
    package var total: Int64
    /// Old keys that were destroyed, once it is done.
    package var destroyed: Int
}

extension OpenVault {
    /// How many rows one portion moves unless told otherwise: others who write wait for one portion at most.
    package static let usualPortion = 2048
    package static let portions = 1...10_000

    /// Draws new keys, which whatever is written from now on is sealed under; what is there is moved by `rotate`, portion by portion. One that goes on already
    /// is gone on with.
    package func beginRotation(_ wish: RotationWish, by asker: Asker) async throws -> RotationProgress {
        try await administration.pass { [self] in
            let permit = try await authorizer.permit(Act(.rotationBegin, .administer, .stepUp), by: asker, on: [])
            guard (wish.kind == .project) == (wish.project != nil) else {
                throw EngineError.invalid("a rotation is of one project, by its name, or a reseal of all", hint: nil)
            }
            var project: ProjectID?
            if let name = wish.project { project = try await projectRow(name).id.cast() }
            if let row = try await rotationRow() {
                let record = try RotationRecord(decoding: row.content)
                guard record.kind == wish.kind, record.project == project else { throw EngineError.rotationUnderway }
                return try await progress(record)
            }
            let (record, made, change) = try await firstStep(of: wish.kind, project)
            let facts = [AuditFact("rotation", record.kind.rawValue), AuditFact("keys", made.count), AuditFact("versions", record.total)]
            do { try await authorizer.commit(permit, change, on: record.subjects, detail: facts) } catch {
                // It may be stored all the same.
                keyring.forgetNewest()
                throw error
            }
            for key in made { keyring.adopt(key.key, of: key.project, generation: key.generation) }
            rotations.set(true)
            return try await progress(record)
        }
    }

    /// Moves a portion, or several, each in a transaction of its own: while one is stored, the next is made ready. Once a whole pass has found nothing under an
    /// old key, the old keys are destroyed, and it is done.
    package func rotate(portion: Int = usualPortion, portions: Int = 1, by asker: Asker) async throws -> RotationProgress {
        try await administration.pass { [self] in
            let permit = try await authorizer.permit(Act(.rotationStep, .administer, .stepUp), by: asker, on: [])
            // Others who write meanwhile come first: then a smaller portion is tried.
            for attempt in 0... {
                guard let row = try await rotationRow() else { throw EngineError.noRotation }
                let record = try RotationRecord(decoding: row.content)
                if record.isComplete { return try await finish(record, row, by: asker) }
                let isLast = attempt == 100
                let room = isLast ? 1 : max(1, portion >> min(attempt, 12))
                do {
                    return try await progress(move(record, row, room: room, portions: attempt == 0 ? portions : 1, permit))
                } catch StoreError.conflict where !isLast { keyring.forgetNewest() }
            }
            throw StoreError.conflict(.rotation)
        }
    }

    /// How far the rotation is that goes on; nothing where none does.
    package func rotation(by asker: Asker) async throws -> (rotation: RotationProgress?, organization: (rows: Int, total: Int)?) {
        let act = Act(.rotationShow, .administer, .person)
        if let organization = rotations.progress {
            // The log waits for it, too: the entry follows.
            let permit = try await authorizer.permit(act, by: asker, on: [])
            writer.note(authorizer.entry(permit, detail: []))
            return (nil, organization)
        }
        let access = try await authorizer.authorize(act, by: asker, on: [])
        return try await concluding(access) {
            guard let row = try await rotationRow() else { return (nil, nil) }
            return (try await progress(RotationRecord(decoding: row.content)), nil)
        }
    }

    /// Takes over whether one goes on, when the vault is opened.
    func loadRotation() async throws { rotations.set(try await rotationRow() != nil) }

    func rotationRow() async throws -> Record? { try await book.record(.rotation, parent: nil, name: RotationRecord.name) }

    private func progress(_ record: RotationRecord, destroyed: Int = 0) async throws -> RotationProgress {
        var name: SegmentName?
        // A project that was deleted meanwhile has none any more.
        if let project = record.project, let row = try await book.record(.project, id: project.cast()) { name = try names.openProject(row).name }
        return RotationProgress(
            kind: record.kind, project: name, startedAt: record.startedAt, phase: record.pass > 1 || record.cursor.isAtEnd ? .checking : .moving,
            versions: record.versions, total: record.total, destroyed: destroyed)
    }
}

extension OpenVault {
    private typealias MadeKey = (project: ProjectID, key: WrappingKey, generation: Int64)

    /// New keys beside the old ones, and the row that says so.
    private func firstStep(of kind: RotationKind, _ project: ProjectID?) async throws -> (RotationRecord, [MadeKey], Change) {
        let projects = try await rotatedProjects(project)
        var change = Change()
        var made: [MadeKey] = []
        var total: Int64 = 0
        for project in projects {
            let newest = try await store.keys(of: project.cast(), in: organization).first?.generation ?? 0
            let (key, row) = try await keyring.makeProjectKey(project, generation: newest + 1, random: random)
            change.add(.insertKey(row))
            made.append((project, key, row.generation))
            for environment in try await book.records(.environment, parent: project.cast()) {
                total += try await store.versionCount(inEnvironment: environment.id.cast(), in: organization)
            }
        }
        let record = RotationRecord(kind: kind, project: project, startedAt: clock.now(), total: total)
        let row = book.make(
            .rotation, id: AnyRecordID(random: random), parent: nil, name: RotationRecord.name, content: record.encoded)
        change.put(row, replacing: nil)
        return (record, made, change)
    }

    private func rotatedProjects(_ project: ProjectID?) async throws -> [ProjectID] {
        if let project { return [project] }
        return try await book.records(.project).map { $0.id.cast() }
    }

    /// Destroys the old keys, under which nothing is left. Nothing can come under them again: what is stored expects the newest.
    private func finish(_ record: RotationRecord, _ row: Record, by asker: Asker) async throws -> RotationProgress {
        let permit = try await authorizer.permit(Act(.rotationEnd, .administer, .stepUp), by: asker, on: [])
        var change = Change()
        var destroyed = 0
        for project in try await rotatedProjects(record.project) {
            let keys = try await store.keys(of: project.cast(), in: organization)
            for old in keys where old.generation != keys[0].generation {
                change.add(.deleteKey(owner: old.owner, generation: old.generation, wrapping: old.wrapping, in: organization))
                destroyed += 1
            }
        }
        change.remove(row)
        let facts = [
            AuditFact("rotation", record.kind.rawValue), AuditFact("versions", record.versions), AuditFact("rows", record.rows),
            AuditFact("destroyed", destroyed),
        ]
        try await authorizer.commit(permit, change, on: record.subjects, detail: facts)
        rotations.set(false)
        // What is gone leaves the raw files, too.
        await eraseTraces()
        var done = try await progress(record, destroyed: destroyed)
        done.phase = .done
        return done
    }
}

extension RotationRecord {
    /// What the log says it is about: no names.
    var subjects: [AuditSubject] { project.map { [AuditSubject(project: $0)] } ?? [] }
}
