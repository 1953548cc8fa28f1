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
    /// How many of them are from a time that is yet to come: the clock was ahead.
    package var ahead = 0
    /// Those of them that are intents without an outcome.
    package var missingOutcomes: [Int64] = []
    package var isDone = false
    /// Whether what went can be found in the raw files until the vault is opened the next time.
    package var leavesTraces = false
}

extension OpenVault {
    /// How many entries go in one transaction unless told otherwise, as far as checkpoints lie that close: others who write wait for one at most.
    package static let usualPruning: Int64 = 16_384

    /// What can go of the entries from before a moment: those up to the last checkpoint before the first entry that is younger, and before the last checkpoint.
    package func pruning(before moment: Timestamp, by asker: Asker) async throws -> Pruning {
        try await authorizer.authorizeReading(.auditRead, by: asker)
        try checkClock()
        return try await plan(before: moment)
    }

    /// Lets the entries before `cut` go, which is the size of a stored checkpoint that a person was shown, as far as they are from before a moment. The
    /// checkpoint stays as an anchor: the rest verifies from there on. Nothing goes of a log that is broken.
    ///
    /// They go from checkpoint to checkpoint, each time in a transaction of its own. What ends it leaves a log that was pruned less far; the next time goes on.
    package func prune(
        before moment: Timestamp, to cut: Int64, inPortionsOf portion: Int64 = usualPruning, by asker: Asker
    ) async throws -> Pruning {
        let permit = try await authorizer.permit(Act(.auditPrune, .administer, .stepUp), by: asker, on: [])
        try checkClock()
        let (report, _) = try await verification(trusted: [])
        if case .broken(let found) = report.verdict { throw EngineError.unprunable(found) }
        var pruning = try await plan(before: moment, upTo: cut)
        guard pruning.anchor?.size == cut else { throw Self.cannotGo(cut) }
        let failure = await failure { try await prune(pruning, inPortionsOf: portion, permit) }
        // What is left of it in the raw files goes with the next opening at the latest.
        pruning.leavesTraces = await !eraseTraces()
        if let failure {
            guard let reached = try? await book.logStart(), reached > pruning.entries.lowerBound else { throw failure }
            throw EngineError.prunedInPart(before: reached, because: (failure as? any Diagnosable)?.message ?? "it failed")
        }
        pruning.isDone = true
        return pruning
    }

    /// A clock that is known to be wrong decides nothing that cannot be undone.
    private func checkClock() throws(EngineError) {
        guard sentry.floor() == nil else {
            throw .invalid(
                "the clock went back, so the age of entries is not known", hint: "set it, or accept it with `tacit doctor --accept-clock`")
        }
    }

    private static func cannotGo(_ cut: Int64) -> EngineError {
        .invalid("nothing was pruned: the entries before \(cut) cannot go", hint: "see what can with `tacit audit prune --before TIME --dry-run`")
    }

    private func failure(_ body: () async throws -> Void) async -> (any Error)? {
        do { try await body() } catch { return error }
        return nil
    }
}

extension OpenVault {
    private func prune(_ pruning: Pruning, inPortionsOf portion: Int64, _ permit: Permit) async throws {
        var start = pruning.entries.lowerBound
        for checkpoint in try await steps(of: pruning.entries, inPortionsOf: portion) {
            let entries = start..<checkpoint.size
            // Others wait for what is stored, not for what is looked at.
            try await administration.pass { [self] in
                guard try await book.logStart() == entries.lowerBound else { throw Self.cannotGo(pruning.entries.upperBound) }
                try await commit(entries, fit(checkpoint), missing: pruning.missingOutcomes.count(where: entries.contains), permit)
            }
            start = checkpoint.size
        }
    }

    /// The checkpoints to go to one after the other: each the last one that a portion reaches, or the next one where it reaches none.
    private func steps(of entries: Range<Int64>, inPortionsOf portion: Int64) async throws -> [StoredCheckpoint] {
        let stored = try await store.checkpoints(from: entries.lowerBound + 1, in: organization).filter { $0.size <= entries.upperBound }
        var (steps, start) = ([StoredCheckpoint](), entries.lowerBound)
        for (checkpoint, next) in zip(stored, stored.dropFirst().map(Optional.some) + [nil]) {
            if let next, next.size - start <= portion { continue }
            steps.append(checkpoint)
            start = checkpoint.size
        }
        return steps
    }

    private func commit(_ entries: Range<Int64>, _ checkpoint: SignedCheckpoint, missing: Int, _ permit: Permit) async throws {
        let anchor = Anchor(size: checkpoint.size, prunedAt: clock.now())
        var change = Change()
        change.put(
            book.make(.anchor, id: AnyRecordID(random: random), parent: nil, name: anchor.name, content: anchor.encoded), replacing: nil)
        // Whoever has a former verifier key alone learns the later ones from these.
        let ends = try keyring.formerEpochs().ends.filter { $0 > entries.lowerBound && $0 < checkpoint.size }
        change.add(.pruneLog(before: checkpoint.size, keeping: ends, in: organization))
        var facts = [AuditFact("entries", entries.count), AuditFact("anchor", checkpoint.size), AuditFact("root", checkpoint.root.hexadecimal)]
        if missing > 0 { facts.append(AuditFact("missing-outcomes", missing)) }
        try await authorizer.commit(permit, change, on: [], detail: facts)
    }

    /// A stored checkpoint that can stand for what goes, as the next unlock will look at it.
    private func fit(_ stored: StoredCheckpoint) throws -> SignedCheckpoint {
        let anchor = try SignedCheckpoint(parsing: stored.note)
        guard anchor.size == stored.size, try keyring.logKeys().epochs.isGenuine(anchor),
            LogHead(provenBy: anchor, frontier: stored.frontier, organization: organization) != nil
        else { throw EngineError.logBroken }
        return anchor
    }
}

extension OpenVault {
    private func plan(before moment: Timestamp, upTo limit: Int64 = .max) async throws -> Pruning {
        // What goes on has its outcome behind it. The outcome of what is over by now stands before the next checkpoint, and a later one is there then, whatever
        // is the last one now.
        let limit = min(limit, lasting.ongoing.indices.min() ?? .max)
        try await writer.checkpoint()
        return try await fromStart { start in try await plan(before: moment, from: start, upTo: limit) }
    }

    private func plan(before moment: Timestamp, from start: LogHead, upTo limit: Int64) async throws -> Pruning {
        let size = try await store.entryCount(in: organization)
        let stored = try await store.checkpoints(from: start.size + 1, in: organization).dropLast().filter { $0.size <= limit }
        var pruning = Pruning(entries: start.size..<start.size, size: size)
        guard let last = stored.last?.size else { return pruning }
        let old = try await oldEntries(before: moment, in: start.size..<last, of: size)
        guard let cut = stored.last(where: { $0.size <= old.end }) else { return pruning }
        let anchor = try fit(cut)
        (pruning.entries, pruning.anchor, pruning.verifierKey) = (start.size..<cut.size, anchor, try verifierKey(ofSize: cut.size))
        pruning.times = try await [old.first].compactMap(\.self) + openedEntries(from: cut.size - 1, limit: 1).map(\.entry.time)
        pruning.ahead = old.ahead.count { $0 < cut.size }
        pruning.missingOutcomes = old.unanswered.filter { $0 < cut.size }.sorted()
        return pruning
    }

    /// Those of the entries in a range that are from before a moment, with what the whole log says of their outcomes.
    private func oldEntries(before moment: Timestamp, in range: Range<Int64>, of size: Int64) async throws -> OldEntries {
        var old = OldEntries(before: moment, now: clock.now(), from: range.lowerBound)
        var (index, end) = (range.lowerBound, range.upperBound)
        while index < size {
            let views = try await openedEntries(from: index, limit: 1000)
            for view in views { if view.index >= end { old.answer(with: view.entry) } else if !old.take(view.index, view.entry) { end = view.index } }
            guard let last = views.last, last.index < end || !old.unanswered.isEmpty else { break }
            index = last.index + 1
        }
        return old
    }
}
