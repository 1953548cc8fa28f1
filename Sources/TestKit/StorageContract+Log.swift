import Model
import Storage

extension StorageContract {
    static let logCases = [
        promise("entries are appended one past the last, from 0, in each organization by itself") { trial in
            let other = trial.rows.elsewhere
            let entries = (0..<5).map { trial.rows.entry($0) }
            try trial.expectEqual(try await trial.store.entryCount(in: trial.rows.organization), 0)
            try await trial.refuses(.append(entries[1]), as: .staleLog(expected: 0))
            try await trial.stores(.append(entries[0]))
            try await trial.stores(.append(entries[1]), .append(entries[2]))
            try await trial.refuses(.append(entries[2]), as: .staleLog(expected: 3))
            try await trial.refuses(.append(entries[4]), as: .staleLog(expected: 3))
            try await trial.refuses(.append(entries[3]), .append(entries[3]), as: .staleLog(expected: 4))
            try await trial.stores(.append(other.entry(0)), .append(entries[3]), .append(other.entry(1)))
            try trial.expectEqual(try await trial.store.entryCount(in: trial.rows.organization), 4)
            try trial.expectEqual(try await trial.store.entryCount(in: other.organization), 2)
            try trial.expectEqual(try await trial.store.entries(from: 0, limit: 9, in: trial.rows.organization), Array(entries.prefix(4)))
            try trial.expectEqual(try await trial.store.entries(from: 1, limit: 2, in: trial.rows.organization), Array(entries[1...2]))
            try trial.expectEqual(try await trial.store.entries(from: 4, limit: 2, in: trial.rows.organization), [])
        },
        promise("checkpoints come oldest first, each size once") { trial in
            let checkpoints = [0, 3, 8].map { trial.rows.checkpoint($0) }
            let mine = trial.rows.organization
            try trial.expectEqual(try await trial.store.lastCheckpoint(in: mine), nil)
            try await trial.stores(.insertCheckpoint(checkpoints[0]), .insertCheckpoint(checkpoints[2]), .insertCheckpoint(checkpoints[1]))
            try await trial.refuses(.insertCheckpoint(trial.rows.checkpoint(3)), as: .conflict(nil))
            try trial.expectEqual(try await trial.store.checkpoints(from: 0, in: mine), checkpoints)
            try trial.expectEqual(try await trial.store.checkpoints(from: 3, in: mine), Array(checkpoints[1...]))
            try trial.expectEqual(try await trial.store.checkpoints(from: 4, in: mine), [checkpoints[2]])
            try trial.expectEqual(try await trial.store.checkpoint(ofSize: 3, in: mine), checkpoints[1])
            try trial.expectEqual(try await trial.store.checkpoint(ofSize: 4, in: mine), nil)
            try trial.expectEqual(try await trial.store.lastCheckpoint(in: mine), checkpoints[2])
            try trial.expectEqual(try await trial.store.lastCheckpoint(in: trial.rows.elsewhere.organization), nil)
        },
        promise("a log is pruned up to a checkpoint, which stays, and goes on where it was") { trial in
            let (mine, other) = (trial.rows.organization, trial.rows.elsewhere)
            let entries = (0..<9).map { trial.rows.entry($0) }
            let checkpoints = [2, 4, 6, 8].map { trial.rows.checkpoint($0) }
            try await trial.stores(Batch((entries + [other.entry(0)]).map(Batch.Operation.append)))
            try await trial.stores(Batch((checkpoints + [2, 4].map(other.checkpoint)).map(Batch.Operation.insertCheckpoint)))
            try await trial.stores(.pruneLog(before: 4, keeping: [], in: mine))
            try trial.expectEqual(try await trial.store.entries(from: 0, limit: 9, in: mine), Array(entries[4...]))
            try trial.expectEqual(try await trial.store.entries(from: 5, limit: 2, in: mine), Array(entries[5...6]))
            try trial.expectEqual(try await trial.store.checkpoints(from: 0, in: mine), Array(checkpoints[1...]))
            try await trial.stores(.pruneLog(before: 6, keeping: [], in: mine), .append(trial.rows.entry(9)))
            try trial.expectEqual(try await trial.store.entries(from: 0, limit: 9, in: mine).map(\.index), [6, 7, 8, 9])
            try trial.expectEqual(try await trial.store.entryCount(in: mine), 10)
            try trial.expectEqual(try await trial.store.checkpoints(from: 0, in: mine), Array(checkpoints[1...]))
            try trial.expectEqual(try await trial.store.entries(from: 0, limit: 9, in: other.organization).count, 1)
            try trial.expectEqual(try await trial.store.checkpoints(from: 0, in: other.organization).count, 2)
        },
        promise("a log is not pruned where there is no checkpoint, at the last one, to its end, or back") { trial in
            let mine = trial.rows.organization
            try await trial.stores(Batch((0..<5).map { .append(trial.rows.entry($0)) }))
            try await trial.stores(Batch([2, 3, 4, 7, 9].map { .insertCheckpoint(trial.rows.checkpoint($0)) }))
            for size: Int64 in [1, 5, 7, 9, 12] { try await trial.refuses(.pruneLog(before: size, keeping: [], in: mine), as: .conflict(nil)) }
            try await trial.refuses(.pruneLog(before: 0, keeping: [], in: mine), as: .malformedRow)
            try await trial.refuses(.pruneLog(before: 2, keeping: [], in: mine), .append(trial.rows.entry(9)), as: .staleLog(expected: 5))
            try trial.expectEqual(try await trial.store.entries(from: 0, limit: 9, in: mine).count, 5)
            try trial.expectEqual(try await trial.store.checkpoints(from: 0, in: mine).count, 5)
            try await trial.stores(.pruneLog(before: 3, keeping: [], in: mine))
            for size: Int64 in [2, 3] { try await trial.refuses(.pruneLog(before: size, keeping: [], in: mine), as: .conflict(nil)) }
            try await trial.refuses(.pruneLog(before: 4, keeping: [], in: mine), .pruneLog(before: 4, keeping: [], in: mine), as: .conflict(nil))
            try trial.expectEqual(try await trial.store.entries(from: 0, limit: 9, in: mine).map(\.index), [3, 4])
            try await trial.stores(.pruneLog(before: 4, keeping: [], in: mine))
        },
        promise("a checkpoint that is kept when the log is pruned stays for good") { trial in
            let mine = trial.rows.organization
            try await trial.stores(Batch((0..<9).map { .append(trial.rows.entry($0)) }))
            try await trial.stores(Batch((0...9).map { .insertCheckpoint(trial.rows.checkpoint($0)) }))
            try await trial.refuses(.pruneLog(before: 4, keeping: [4], in: mine), as: .malformedRow)
            try await trial.stores(.pruneLog(before: 4, keeping: [2], in: mine))
            try trial.expectEqual(try await trial.store.checkpoints(from: 0, in: mine).map(\.size), [2, 4, 5, 6, 7, 8, 9])
            try await trial.stores(.pruneLog(before: 7, keeping: [1, 5], in: mine))
            try trial.expectEqual(try await trial.store.checkpoints(from: 0, in: mine).map(\.size), [2, 4, 5, 7, 8, 9])
            try trial.expectEqual(try await trial.store.entries(from: 0, limit: 9, in: mine).map(\.index), [7, 8])
        },
        promise("writers that try again when the log moved on leave no gap and lose nothing") { trial in
            let (store, rows) = (trial.store, trial.rows)
            try await withThrowingTaskGroup { group in
                for _ in 0..<6 {
                    group.addTask {
                        var appended = 0
                        while appended < 10 {
                            let next = try await store.entryCount(in: rows.organization)
                            let results = try await store.commit([Batch([.append(rows.entry(next)), .put(rows.record(.agent), replacing: nil)])])
                            if results[0].error == nil { appended += 1 }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let entries = try await store.entries(from: 0, limit: .max, in: rows.organization)
            try trial.expectEqual(entries.map(\.index), Array(0..<60))
            let records = try await store.records(.agent, parent: nil, after: nil, limit: .max, in: rows.organization)
            try trial.expectEqual(records.count, 60)
        },
    ]

    static let batchCases = [
        promise("a batch is stored whole or not at all") { trial in
            let (tree, mine) = (SampleTree(trial.rows), trial.rows.organization)
            try await trial.stores(tree.batch)
            try await trial.stores(Batch(trial.rows.fields(of: tree.secret, version: 1) + [.insertKey(trial.rows.key(of: tree.project.id))]))
            let address = FieldAddress(secret: SecretID(tree.secret), version: 1, ordinal: 0)
            let field = try await trial.store.field(address, in: mine)
            let new = trial.rows.record(.agent, lookup: trial.rows.random.bytes(32))
            var nameless = trial.rows.successor(of: tree.secret)
            nameless.lookup = nil
            try await trial.refuses(
                .put(new, replacing: nil), .put(nameless, replacing: 1), .insertCheckpoint(trial.rows.checkpoint(1)), .append(trial.rows.entry(0)),
                .deleteDataKey(address, generation: 1, seal: 1, in: mine), .deleteCiphertext(address, seal: 1, in: mine),
                .deleteVersion(secret: SecretID(tree.secret), number: 1, in: mine), .insertVersion(trial.rows.version(2, of: tree.secret)),
                .deleteKey(owner: tree.project.id, generation: 1, wrapping: 1, in: mine), .append(trial.rows.entry(0)),
                as: .staleLog(expected: 1))
            try trial.expectEqual(try await trial.stored(new), nil)
            try trial.expectEqual(try await trial.store.record(.agent, lookup: new.lookup ?? [], in: mine), nil)
            try trial.expectEqual(try await trial.stored(tree.secret), tree.secret)
            try trial.expectEqual(try await trial.store.record(.secret, lookup: tree.secret.lookup ?? [], in: mine), tree.secret)
            try trial.expectEqual(try await trial.store.lastCheckpoint(in: mine), nil)
            try trial.expectEqual(try await trial.store.entryCount(in: mine), 0)
            try trial.expectEqual(try await trial.store.versions(of: SecretID(tree.secret), in: mine).map(\.number), [1])
            try trial.expectEqual(try await trial.store.field(address, in: mine), field)
            try trial.expectEqual(try await trial.store.keys(of: tree.project.id, in: mine).count, 1)
        },
        promise("of several batches each holds or fails by itself, in order") { trial in
            let (rows, mine) = (trial.rows, trial.rows.organization)
            let (agent, policy) = (rows.record(.agent), rows.record(.policy))
            let results = try await trial.store.commit([
                Batch([.append(rows.entry(0)), .put(agent, replacing: nil)]),
                Batch([.append(rows.entry(1)), .put(agent, replacing: nil)]),
                Batch([.append(rows.entry(1)), .put(rows.successor(of: agent), replacing: 1)]),
                Batch(),
                Batch([.append(rows.entry(1))]),
                Batch([.put(policy, replacing: nil), .append(rows.entry(2))]),
            ])
            let wanted: [StoreError?] = [nil, .conflict(.agent), nil, nil, .staleLog(expected: 2), nil]
            try trial.expectEqual(results.map(\.error), wanted)
            try trial.expectEqual(try await trial.store.entryCount(in: mine), 3)
            try trial.expectEqual(try await trial.stored(agent)?.revision, 2)
            try trial.expectEqual(try await trial.stored(policy), policy)
        },
        promise("no batches give no results") { trial in
            try trial.expectEqual(try await trial.store.commit([]).count, 0)
            try await trial.stores(Batch())
        },
        promise("rows of a wrong form are refused alone") { trial in
            let rows = trial.rows
            var (record, entry, checkpoint) = (rows.record(.agent), rows.entry(0), rows.checkpoint(1))
            record.mac.removeLast()
            entry.chain.append(0)
            checkpoint.frontier.removeLast()
            try await trial.refuses(.put(record, replacing: nil), as: .malformedRow)
            try await trial.refuses(.append(entry), as: .malformedRow)
            try await trial.refuses(.insertCheckpoint(checkpoint), as: .malformedRow)
            try await trial.refuses(.put(rows.record(.agent, lookup: rows.random.bytes(31)), replacing: nil), as: .malformedRow)
            let sound = rows.record(.agent)
            try await trial.stores(.put(sound, replacing: nil))
            var skipping = rows.successor(of: sound)
            skipping.revision = 3
            try await trial.refuses(.put(skipping, replacing: 1), as: .malformedRow)
            let results = try await trial.store.commit([Batch([.append(rows.entry(0))]), Batch([.append(entry)]), Batch([.append(rows.entry(1))])])
            try trial.expectEqual(results.map(\.error), [nil, .malformedRow, nil])
        },
        promise("a closed store answers nothing") { trial in
            let record = trial.rows.record(.agent)
            try await trial.stores(.put(record, replacing: nil))
            _ = try await trial.store.record(.agent, id: record.id, in: record.organization)
            await trial.store.close()
            await trial.store.close()
            let calls: [@Sendable () async throws -> Void] = [
                { _ = try await trial.store.commit([Batch()]) },
                { _ = try await trial.store.organizations() },
                { _ = try await trial.store.record(.agent, id: record.id, in: record.organization) },
                { try await trial.store.eraseFreed() },
            ]
            for call in calls {
                do {
                    try await call()
                    throw TestFailure("a closed store answered")
                } catch is StoreError {}
            }
        },
    ]
}
