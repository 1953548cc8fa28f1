package import Auditing
package import Model
import Storage

/// The beginning of the log that goes, or went, in a pruning.
package struct Pruning: Sendable, Equatable {
    /// By index; empty where nothing goes.
    package var entries: Range<Int64>
    /// When the first and the last of them were written; nil where nothing goes.
    package var times: [Timestamp] = []
    /// How many entries the log has, those counted that are gone.
    package var size: Int64
    /// The checkpoint that stands for what goes, and all that went before; nil where nothing goes.
    package var anchor: SignedCheckpoint?
    package var verifierKey: String?
    package var isDone = false
}

extension OpenVault {
    /// What can go of the entries from before a moment: those up to the last checkpoint before the first entry that is younger, and before the last checkpoint.
    package func pruning(before moment: Timestamp, by asker: Asker) async throws -> Pruning {
        try await authorizer.authorizeReading(.auditRead, by: asker)
        try await writer.checkpoint()
        return try await fromStart { start in try await pruning(before: moment, from: start) }
    }

    /// Lets the entries before `cut` go, which is the size of a stored checkpoint that a person was shown, as far as they are from before a moment. The
    /// checkpoint stays as an anchor: the rest verifies from there on. Nothing goes of a log that is broken.
    package func prune(before moment: Timestamp, to cut: Int64, by asker: Asker) async throws -> Pruning {
        let permit = try await authorizer.permit(Act(.auditPrune, .administer, .stepUp), by: asker, on: [])
        // A clock that is known to be wrong decides nothing that cannot be undone.
        guard sentry.floor() == nil else {
            throw EngineError.invalid(
                "the clock went back, so the age of entries is not known", hint: "set it, or accept it with `tacit doctor --accept-clock`")
        }
        let (report, _) = try await verification(trusted: [])
        if case .broken(let found) = report.verdict { throw EngineError.unprunable(found) }
        // From here on a later one is there, whatever is the last one now.
        try await writer.checkpoint()
        var pruning = try await fromStart { start in try await self.pruning(before: moment, from: start, upTo: cut) }
        guard let anchor = pruning.anchor, anchor.size == cut else { throw Self.cannotGo(cut) }
        // Others wait for what is stored, not for what is looked at.
        try await administration.pass { [self, pruning] in
            guard try await book.logStart() == pruning.entries.lowerBound else { throw Self.cannotGo(cut) }
            try await commit(pruning.entries, anchor, permit)
        }
        pruning.isDone = true
        // What is left of it in the raw files goes with the next opening at the latest.
        try? await store.eraseFreed()
        return pruning
    }

    private static func cannotGo(_ cut: Int64) -> EngineError {
        .invalid("nothing was pruned: the entries before \(cut) cannot go", hint: "see what can with `tacit audit prune --before TIME --dry-run`")
    }

    private func commit(_ entries: Range<Int64>, _ checkpoint: SignedCheckpoint, _ permit: Permit) async throws {
        let anchor = Anchor(size: checkpoint.size, prunedAt: clock.now())
        var change = Change()
        change.put(
            book.make(.anchor, id: AnyRecordID(random: random), parent: nil, name: anchor.name, content: anchor.encoded), replacing: nil)
        // Whoever has a former verifier key alone learns the later ones from these.
        let ends = try keyring.formerEpochs().ends.filter { $0 > entries.lowerBound && $0 < checkpoint.size }
        change.add(.pruneLog(before: checkpoint.size, keeping: ends, in: organization))
        let facts = [AuditFact("entries", entries.count), AuditFact("anchor", checkpoint.size), AuditFact("root", checkpoint.root.hexadecimal)]
        try await authorizer.commit(permit, change, on: [], detail: facts)
    }

    private func pruning(before moment: Timestamp, from start: LogHead, upTo limit: Int64 = .max) async throws -> Pruning {
        let size = try await store.entryCount(in: organization)
        // What goes on has its outcome behind it; that of an intent which is gone says little.
        let limit = min(limit, lasting.ongoing.indices.min() ?? .max)
        let stored = try await store.checkpoints(from: start.size + 1, in: organization).dropLast().filter { $0.size <= limit }
        var pruning = Pruning(entries: start.size..<start.size, size: size)
        guard let last = stored.last?.size else { return pruning }
        let (end, times) = try await oldEntries(before: moment, in: start.size..<last)
        guard let cut = stored.last(where: { $0.size <= end }) else { return pruning }
        // As the next unlock will look at it.
        let anchor = try SignedCheckpoint(parsing: cut.note)
        guard anchor.size == cut.size, try keyring.logKeys().epochs.isGenuine(anchor),
            LogHead(provenBy: anchor, frontier: cut.frontier, organization: organization) != nil
        else { throw EngineError.logBroken }
        (pruning.entries, pruning.anchor, pruning.verifierKey) = (start.size..<cut.size, anchor, try verifierKey(ofSize: cut.size))
        pruning.times = times + (try await openedEntries(from: cut.size - 1, limit: 1).map(\.entry.time))
        return pruning
    }

    /// Where the first entry lies that is not from before a moment, and when the first of all was written. An entry whose clock was behind is as young as it can
    /// be at most.
    private func oldEntries(before moment: Timestamp, in range: Range<Int64>) async throws -> (end: Int64, first: [Timestamp]) {
        var (index, first) = (range.lowerBound, [Timestamp]())
        while index < range.upperBound {
            let views = try await openedEntries(from: index, limit: Int(min(1000, range.upperBound - index)))
            if first.isEmpty { first = views.prefix(1).map(\.entry.time) }
            for view in views where max(view.entry.time, view.entry.clockFloor ?? view.entry.time) >= moment { return (view.index, first) }
            guard let last = views.last else { break }
            index = last.index + 1
        }
        return (range.upperBound, first)
    }
}
