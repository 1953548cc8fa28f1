import Auditing
import Model
import Storage
import Synchronization

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
    /// Moves so many portions at most: while one is stored, others are made ready and looked for, each from where the one before leaves the rotation. Returns
    /// how far it is.
    func move(_ record: RotationRecord, _ row: Record, room: Int, portions: Int, _ permit: Permit) async throws -> RotationRecord {
        let access = SharedAccess { [authorizer] in try await authorizer.begin(permit, on: record.subjects) }
        do {
            let first = try await RotationWalk(record, room: room, in: self) { try await access.get() }.done()
            let line = try await move(PortionLine(first, of: portions), room: room, replacing: row) { [authorizer] portion, change, isLast in
                let facts = [AuditFact("versions", portion.walk.versions), AuditFact("rows", portion.walk.rows)]
                if isLast, let access = access.begun {
                    try await authorizer.conclude(access, result: "moved", detail: facts, storing: change)
                } else {
                    try await authorizer.commit(permit, change, on: record.subjects, detail: facts)
                }
            }
            if line.isOutrun {
                guard line.stored != nil else { throw StoreError.conflict(.rotation) }
                // What is stored is gone on with the next time.
                if let access = access.begun { await authorizer.conclude(access, result: "moved") }
            }
            return line.stored ?? record
        } catch {
            if let access = access.begun { await authorizer.conclude(access, result: (error as? any Diagnosable)?.code ?? "internal") }
            throw error
        }
    }

    /// Sees portions along their line to its end, or to where somebody else has written.
    private func move(
        _ begun: PortionLine, room: Int, replacing row: Record,
        store: @escaping @Sendable (ReadyPortion, Change, _ isLast: Bool) async throws -> Void
    ) async throws -> PortionLine {
        var (line, row) = (begun, row)
        return try await withThrowingTaskGroup(of: PortionLine.Event.self) { group in
            while !line.isDone {
                if let walk = line.nextSearch() { group.addTask { try await .outcome { try await .found(self.portion(behind: walk, room: room)) } } }
                while let next = line.nextSealing() {
                    group.addTask { try await .outcome { try await .ready(ReadyPortion(next.walk), next.number) } }
                }
                if let next = line.nextStoring() {
                    let change = change(of: next.portion, replacing: &row)
                    group.addTask {
                        try await store(next.portion, change, next.isLast)
                        return .stored(next.portion.walk.record)
                    }
                }
                if let event = try await group.next() { line.take(event) }
            }
            group.cancelAll()
            return line
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
