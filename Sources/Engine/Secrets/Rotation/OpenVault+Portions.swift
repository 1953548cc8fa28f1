import Auditing
import Model
import Storage
import Synchronization

/// A portion that is made ready.
private struct ReadyPortion: Sendable {
    let walk: RotationWalk
    let change: Change

    var facts: [AuditFact] { [AuditFact("versions", walk.versions), AuditFact("rows", walk.rows)] }

    init(_ walk: RotationWalk) async throws {
        self.walk = walk
        change = try await walk.change()
    }
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
    /// Moves so many portions at most: while one is stored, the next is made ready, and the one behind that is looked for, from where that one leaves the
    /// rotation. Returns how far it is.
    func move(_ record: RotationRecord, _ row: Record, room: Int, portions: Int, _ permit: Permit) async throws -> RotationRecord {
        let access = SharedAccess { [authorizer] in try await authorizer.begin(permit, on: record.subjects) }
        var row = row
        do {
            let first = try await RotationWalk(record, room: room, in: self) { try await access.get() }.done()
            async let firstReady = ReadyPortion(first)
            var found = portions > 1 ? try await portion(behind: first, room: room) : nil
            var ready = try await firstReady
            for number in 2... {
                guard let walk = found else { break }
                let present = ready
                async let nextReady = ReadyPortion(walk)
                async let nextFound = number < portions ? portion(behind: walk, room: room) : nil
                try await authorizer.commit(permit, change(of: present, replacing: &row), on: record.subjects, detail: present.facts)
                do { (ready, found) = (try await nextReady, try await nextFound) } catch StoreError.conflict {
                    // Somebody else has written there: what is stored is gone on with the next time.
                    if let access = access.begun { await authorizer.conclude(access, result: "moved") }
                    return present.walk.record
                }
            }
            let last = change(of: ready, replacing: &row)
            if let access = access.begun {
                try await authorizer.conclude(access, result: "moved", detail: ready.facts, storing: last)
            } else {
                try await authorizer.commit(permit, last, on: record.subjects, detail: ready.facts)
            }
            return ready.walk.record
        } catch {
            if let access = access.begun { await authorizer.conclude(access, result: (error as? any Diagnosable)?.code ?? "internal") }
            throw error
        }
    }

    /// The portion behind one that may not be stored yet; nil behind the end of a pass, all of which the next one has to see stored.
    private func portion(behind walk: RotationWalk, room: Int) async throws -> RotationWalk? {
        walk.record.cursor.isAtEnd ? nil : try await RotationWalk(after: walk, room: room).done()
    }

    /// What a portion stores, and how far the rotation is with it.
    private func change(of portion: ReadyPortion, replacing row: inout Record) -> Change {
        let next = book.make(
            .rotation, id: row.id, parent: nil, name: RotationRecord.name, content: portion.walk.record.encoded, replacing: row)
        var change = portion.change
        change.put(next, replacing: row)
        row = next
        return change
    }
}
