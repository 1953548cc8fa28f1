import Auditing
import Model
import Storage
import Synchronization

/// A portion that is made ready, and the rotation's row behind it.
private struct ReadyPortion: Sendable {
    var walk: RotationWalk
    var row: Record
    var change: Change

    var facts: [AuditFact] { [AuditFact("versions", walk.versions), AuditFact("rows", walk.rows)] }
    var progress: RotationRecord { walk.record }
}

/// The right to open values that portions share: its intent is written once somebody needs it.
private final class SharedAccess: Sendable {
    private let given = Mutex<AuthorizedAccess?>(nil)
    private let begin: @Sendable () async throws -> AuthorizedAccess

    init(_ begin: @escaping @Sendable () async throws -> AuthorizedAccess) { self.begin = begin }

    /// Nil where nobody has needed it.
    var begun: AuthorizedAccess? { given.withLock { $0 } }

    func get() async throws -> AuthorizedAccess {
        if let begun { return begun }
        let access = try await begin()
        given.withLock { $0 = access }
        return access
    }
}

extension OpenVault {
    /// Moves so many portions at most: while one is stored, the next is made ready, from where that one leaves the rotation. Returns how far it is.
    func move(_ record: RotationRecord, _ row: Record, room: Int, portions: Int, _ permit: Permit) async throws -> RotationRecord {
        let access = SharedAccess { [authorizer] in try await authorizer.begin(permit, on: record.subjects) }
        do {
            var ready = try await ready(RotationWalk(record, room: room, in: self) { try await access.get() }, replacing: row)
            // The next pass has to see all that this one has stored.
            for _ in 1..<max(1, portions) where !ready.progress.cursor.isAtEnd {
                let present = ready
                async let next = self.ready(RotationWalk(after: present.walk, room: room), replacing: present.row)
                try await authorizer.commit(permit, present.change, on: record.subjects, detail: present.facts)
                do { ready = try await next } catch StoreError.conflict {
                    // Somebody else has written there: what is stored is gone on with the next time.
                    if let access = access.begun { await authorizer.conclude(access, result: "moved") }
                    return present.progress
                }
            }
            if let access = access.begun {
                try await authorizer.conclude(access, result: "moved", detail: ready.facts, storing: ready.change)
            } else {
                try await authorizer.commit(permit, ready.change, on: record.subjects, detail: ready.facts)
            }
            return ready.progress
        } catch {
            if let access = access.begun { await authorizer.conclude(access, result: (error as? any Diagnosable)?.code ?? "internal") }
            throw error
        }
    }

    private func ready(_ begun: RotationWalk, replacing row: Record) async throws -> ReadyPortion {
        var walk = begun
        try await walk.run()
        let next = book.make(.rotation, id: row.id, parent: nil, name: RotationRecord.name, content: walk.record.encoded, replacing: row)
        var change = walk.change
        change.put(next, replacing: row)
        return ReadyPortion(walk: walk, row: next, change: change)
    }
}
