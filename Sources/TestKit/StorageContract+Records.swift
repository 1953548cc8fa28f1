import Model
import Storage

extension StorageContract {
    static let recordCases = [
        promise("a record is found by its id and by its lookup") { trial in
            let record = trial.rows.record(.project, lookup: trial.rows.random.bytes(32))
            try await trial.stores(.put(record, replacing: nil))
            try trial.expectEqual(try await trial.stored(record), record)
            let found = try await trial.store.record(.project, lookup: record.lookup ?? [], in: record.organization)
            try trial.expectEqual(found, record)
        },
        promise("what is not there is nil") { trial in
            try trial.expectEqual(try await trial.stored(trial.rows.record(.agent)), nil)
            try trial.expectEqual(try await trial.store.record(.agent, lookup: trial.rows.random.bytes(32), in: trial.rows.organization), nil)
        },
        promise("a record is not found under another kind or in another organization") { trial in
            let record = trial.rows.record(.project, lookup: trial.rows.random.bytes(32))
            try await trial.stores(.put(record, replacing: nil))
            let (id, lookup, other) = (record.id, record.lookup ?? [], trial.rows.elsewhere.organization)
            try trial.expectEqual(try await trial.store.record(.environment, id: id, in: record.organization), nil)
            try trial.expectEqual(try await trial.store.record(.environment, lookup: lookup, in: record.organization), nil)
            try trial.expectEqual(try await trial.store.record(.project, id: id, in: other), nil)
            try trial.expectEqual(try await trial.store.record(.project, lookup: lookup, in: other), nil)
        },
        promise("empty content and the ends of the number range come back as they were") { trial in
            var record = trial.rows.record(.policy, content: [])
            record.revision = .max - 1
            try await trial.stores(.put(record, replacing: nil))
            try trial.expectEqual(try await trial.stored(record), record)
            record.revision = .max
            try await trial.stores(.put(record, replacing: .max - 1))
            try trial.expectEqual(try await trial.stored(record), record)
        },
        promise("a record that is there is not stored as a new one") { trial in
            let record = trial.rows.record(.agent)
            try await trial.stores(.put(record, replacing: nil))
            try await trial.refuses(.put(trial.rows.successor(of: record), replacing: nil), as: .conflict(.agent))
            try trial.expectEqual(try await trial.stored(record), record)
        },
        promise("an id belongs to one record of the organization, whatever the kind") { trial in
            let record = trial.rows.record(.agent)
            var twin = trial.rows.record(.policy)
            twin.id = record.id
            try await trial.stores(.put(record, replacing: nil))
            try await trial.refuses(.put(twin, replacing: nil), as: .conflict(.policy))
            var namesake = trial.rows.elsewhere.record(.policy)
            namesake.id = record.id
            try await trial.stores(.put(namesake, replacing: nil))
        },
        promise("a record is replaced at its revision and at no other") { trial in
            let first = trial.rows.record(.agent)
            let second = trial.rows.successor(of: first)
            let third = trial.rows.successor(of: second)
            try await trial.refuses(.put(second, replacing: 1), as: .conflict(.agent))
            try await trial.stores(.put(first, replacing: nil))
            try await trial.refuses(.put(third, replacing: 2), as: .conflict(.agent))
            try await trial.stores(.put(second, replacing: 1))
            try await trial.refuses(.put(second, replacing: 1), as: .conflict(.agent))
            try trial.expectEqual(try await trial.stored(first), second)
        },
        promise("a replaced record keeps its kind and its parent") { trial in
            let tree = SampleTree(trial.rows)
            try await trial.stores(tree.batch)
            var moved = trial.rows.successor(of: tree.secret)
            moved.parent = tree.project.id
            try await trial.refuses(.put(moved, replacing: 1), as: .conflict(.secret))
            moved.parent = nil
            try await trial.refuses(.put(moved, replacing: 1), as: .conflict(.secret))
            var changed = trial.rows.successor(of: tree.secret)
            changed.kind = .agent
            try await trial.refuses(.put(changed, replacing: 1), as: .conflict(.agent))
            try trial.expectEqual(try await trial.stored(tree.secret), tree.secret)
        },
        promise("a parent is there first, in the same organization") { trial in
            let tree = SampleTree(trial.rows)
            try await trial.refuses(.put(tree.environment, replacing: nil), as: .conflict(.environment))
            try await trial.refuses(.put(tree.environment, replacing: nil), .put(tree.project, replacing: nil), as: .conflict(.environment))
            try await trial.stores(.put(tree.project, replacing: nil))
            let stranger = trial.rows.elsewhere.record(.environment, in: tree.project.id)
            try await trial.refuses(.put(stranger, replacing: nil), as: .conflict(.environment))
        },
        promise("a lookup is unique within organization and kind, and free once it was given up") { trial in
            let lookup = trial.rows.random.bytes(32)
            let (first, second) = (trial.rows.record(.project, lookup: lookup), trial.rows.record(.project, lookup: lookup))
            try await trial.stores(.put(first, replacing: nil))
            try await trial.refuses(.put(second, replacing: nil), as: .conflict(.project))
            try await trial.stores(.put(trial.rows.record(.agent, lookup: lookup), replacing: nil))
            try await trial.stores(.put(trial.rows.elsewhere.record(.project, lookup: lookup), replacing: nil))
            var nameless = trial.rows.successor(of: first)
            nameless.lookup = nil
            try await trial.stores(.put(nameless, replacing: 1), .put(second, replacing: nil))
            try trial.expectEqual(try await trial.store.record(.project, lookup: lookup, in: second.organization), second)
            var back = trial.rows.successor(of: nameless)
            back.lookup = lookup
            try await trial.refuses(.put(back, replacing: 2), as: .conflict(.project))
        },
        promise("a record is removed at its revision, and never while something lies in it") { trial in
            let (tree, key) = (SampleTree(trial.rows), StorageContract.key)
            try await trial.stores(tree.batch)
            let organization = trial.rows.organization
            try await trial.refuses(.remove(.environment, tree.environment.id, replacing: 1, in: organization), as: .conflict(.environment))
            try await trial.stores(.insertVersion(trial.rows.version(1, of: tree.secret)), .insertKey(key(trial, tree.project)))
            let removal = Batch.Operation.remove(.secret, tree.secret.id, replacing: 1, in: organization)
            try await trial.refuses(removal, as: .conflict(.secret))
            try await trial.stores(.deleteVersion(secret: tree.secret.id.cast(), number: 1, in: organization))
            try await trial.refuses(.remove(.secret, tree.secret.id, replacing: 2, in: organization), as: .conflict(.secret))
            try await trial.refuses(.remove(.agent, tree.secret.id, replacing: 1, in: organization), as: .conflict(.agent))
            try await trial.stores(removal, .remove(.environment, tree.environment.id, replacing: 1, in: organization))
            try trial.expectEqual(try await trial.stored(tree.secret), nil)
            try await trial.refuses(removal, as: .conflict(.secret))
            try await trial.refuses(.remove(.project, tree.project.id, replacing: 1, in: organization), as: .conflict(.project))
        },
    ]

    private static func key(_ trial: Trial, _ owner: Record) -> StoredKey { trial.rows.key(of: owner.id) }
}

extension StorageContract {
    static let listingCases = [
        promise("records are listed by id, in pages, narrowed to a parent") { trial in
            let tree = SampleTree(trial.rows)
            try await trial.stores(tree.batch)
            let secrets = (0..<10).map { _ in trial.rows.record(.secret, in: tree.environment.id) } + [tree.secret]
            let others = (0..<3).map { _ in trial.rows.record(.secret) } + [trial.rows.record(.agent, in: tree.environment.id)]
            try await trial.stores(Batch((secrets.dropLast() + others).map { .put($0, replacing: nil) }))
            let sorted = secrets.sorted { $0.id < $1.id }
            func page(_ parent: Record?, after: AnyRecordID?, limit: Int) async throws -> [Record] {
                try await trial.store.records(.secret, parent: parent?.id, after: after, limit: limit, in: trial.rows.organization)
            }
            try trial.expectEqual(try await page(tree.environment, after: nil, limit: .max), sorted)
            try trial.expectEqual(try await page(tree.environment, after: nil, limit: 4), Array(sorted.prefix(4)))
            try trial.expectEqual(try await page(tree.environment, after: sorted[3].id, limit: 4), Array(sorted[4..<8]))
            try trial.expectEqual(try await page(tree.environment, after: sorted[10].id, limit: 4), [])
            try trial.expectEqual(try await page(tree.environment, after: nil, limit: 0), [])
            try trial.expectEqual(try await page(tree.project, after: nil, limit: 9), [])
            let all = (secrets + others.filter { $0.kind == .secret }).sorted { $0.id < $1.id }
            try trial.expectEqual(try await page(nil, after: nil, limit: .max), all)
            try trial.expectEqual(try await page(nil, after: all[5].id, limit: 2), Array(all[6...7]))
        },
        promise("every record is given once, kind by kind and by id") { trial in
            let records = (0..<300).map { _ in trial.rows.record(trial.rows.random.element(of: RecordKind.allCases) ?? .agent) }
            try await trial.stores(Batch(records.map { .put($0, replacing: nil) }))
            try await trial.stores(.put(trial.rows.elsewhere.record(.agent), replacing: nil))
            let seen = Gathered<Record>()
            try await trial.store.forEachRecord(in: trial.rows.organization) { seen.add($0) }
            try trial.expectEqual(seen.all, records.sorted { ($0.kind.rawValue, $0.id) < ($1.kind.rawValue, $1.id) })
        },
        promise("what the reader of all records throws ends the reading and comes back") { trial in
            try await trial.stores(Batch((0..<600).map { _ in .put(trial.rows.record(.agent), replacing: nil) }))
            let seen = Gathered<Record>()
            do {
                try await trial.store.forEachRecord(in: trial.rows.organization) { slice in
                    seen.add(slice)
                    throw TestFailure("enough")
                }
                throw TestFailure("the reader's error was lost")
            } catch let failure as TestFailure {
                try trial.expectEqual(failure.description, "enough")
            }
            try trial.expect((1..<600).contains(seen.all.count), "the reading did not end: \(seen.all.count)")
        },
        promise("the organizations are those that have records") { trial in
            try trial.expectEqual(try await trial.store.organizations(), [])
            let rows = (0..<5).map { _ in trial.rows.elsewhere }
            for row in rows { try await trial.stores(Batch((0..<3).map { _ in .put(row.record(.agent), replacing: nil) })) }
            try trial.expectEqual(try await trial.store.organizations(), rows.map(\.organization).sorted())
        },
    ]
}
