import Model
import Storage

extension StorageContract {
    /// Every record made anew in one transaction.
    static let rewriteCases: [Case] = [
        promise("every record of an organization is made anew in one batch with what follows, what it lies in first") { trial in
            let tree = SampleTree(trial.rows)
            let agents = (0..<300).map { _ in trial.rows.record(.agent, lookup: trial.rows.random.bytes(32)) }
            let (mine, foreign) = (trial.rows.organization, trial.rows.elsewhere.record(.agent))
            try await trial.stores(tree.batch)
            try await trial.stores(Batch((agents + [foreign]).map { .put($0, replacing: nil) }))
            let (random, seen) = (trial.rows.random, Gathered<Record>())
            let rewrite = RecordRewrite(of: mine) { page in
                seen.add(page)
                return page.map { row in
                    var next = row
                    (next.revision, next.lookup, next.content) = (row.revision + 1, row.lookup.map { _ in random.bytes(32) }, row.content + [1])
                    return next
                }
            } then: {
                [.append(trial.rows.entry(1))]
            }
            try await trial.stores(.append(trial.rows.entry(0)), .rewriteRecords(rewrite))
            let kinds = seen.all.map(\.kind)
            try trial.expectEqual(kinds.count, 303)
            try trial.expect(kinds.suffix(2) == [.environment, .secret], "what it lies in came later")
            for old in agents + [tree.project, tree.environment, tree.secret] {
                let now = try await trial.store.record(old.kind, id: old.id, in: mine)
                try trial.expect(now?.revision == 2 && now?.content == old.content + [1], "a row was left out")
                for (lookup, found) in [(old.lookup, nil), (now?.lookup, now)] {
                    guard let lookup else { continue }
                    try trial.expect(try await trial.store.record(old.kind, lookup: lookup, in: mine) == found, "a look-up finds another row")
                }
            }
            try trial.expect(try await trial.store.record(.agent, id: foreign.id, in: foreign.organization) == foreign, "another organization's")
            try trial.expectEqual(try await trial.store.entryCount(in: mine), 2)
        },
        promise("what stops in the midst of it leaves everything as it was") { trial in
            let agents = (0..<300).map { _ in trial.rows.record(.agent) }
            let mine = trial.rows.organization
            try await trial.stores(Batch(agents.map { .put($0, replacing: nil) }))
            let count = Gathered<Record>()
            let next: @Sendable (Record) -> Record = { row in
                var next = row
                next.revision += 1
                return next
            }
            let stopping = RecordRewrite(of: mine) { page in
                count.add(page)
                guard count.all.count < 200 else { throw StoreError.held }
                return page.map(next)
            } then: {
                []
            }
            let failing = RecordRewrite(of: mine, { $0.map(next) }) { throw StoreError.held }
            let other = RecordRewrite(of: mine, { $0.map(next) }) { [.append(trial.rows.entry(7))] }
            for (rewrite, isOurs) in [(stopping, true), (failing, true), (other, false)] {
                let results = try? await trial.store.commit([Batch([.append(trial.rows.entry(0)), .rewriteRecords(rewrite)])])
                try trial.expect(results?.first?.error != nil || results == nil, "it is stored")
                try trial.expect((rewrite.failure as? StoreError == .held) == isOurs, "it does not say why")
                try trial.expectEqual(try await trial.store.entryCount(in: mine), 0)
                for agent in agents { try trial.expect(try await trial.store.record(.agent, id: agent.id, in: mine) == agent, "a row was changed") }
            }
        },
    ]
}
