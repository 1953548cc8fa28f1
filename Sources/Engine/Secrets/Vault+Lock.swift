import Auditing
package import Model
import Storage

extension Vault {
    /// Locks at once: signs a checkpoint, drops every key, stops runs that hold values.
    package func lock(by asker: Asker) async throws {
        runs.stopAll()
        current?.rotations.stop()
        // Runs that began before the keys were dropped are stopped too.
        defer { runs.stopAll() }
        try await passGate { [self] in if let open = current { try await close(open, by: asker) } }
    }

    /// Locks when no person acted for long enough; running programs go on.
    package func lockIfIdle() async throws {
        guard isUnlocked, sessions.isIdle(now: foundation.clock.steady()) else { return }
        try await passGate { [self] in try await closeIfIdle() }
    }

    /// Does what is due: the idle lock, counted denials, a checkpoint. The program asks every few seconds.
    package func upkeep() async throws {
        await leaveIfMoved()
        try await lockIfIdle()
        await letGoIfLocked()
        guard let open = current else { return }
        try await open.sleepExpired()
        open.brokers.endIdle(now: foundation.clock.steady())
        // Those whose broker ended by itself are good for nothing.
        await open.endTokens(open.agentDoors.end(at: open.expiryClock()))
        try await open.authorizer.recordDueDenials()
        if open.freeze.isUnstored { _ = try? await open.storeFreeze(by: .keeper(foundation.keeper)) }
        await open.eraseLeftTraces()
        try await open.writer.checkpointWhenDue()
        foundation.reserve.fill()
    }

    /// The connection has ended; a vault that was open for its command alone is locked again.
    package func connectionEnded(_ connection: UInt64) async throws {
        guard sessions.connectionEnded(connection) else { return }
        try await passGate { [self] in
            guard let open = current, sessions.isAbandoned(now: foundation.clock.steady()) else { return }
            try await close(open, by: .keeper(foundation.keeper))
        }
    }

    /// The moment since boot at which `lockIfIdle` is worth asking again.
    package var idleDeadline: Timestamp? { sessions.locksAt }

    /// Closes a vault whose idle lock has fallen; the caller is in the gate.
    func closeIfIdle() async throws {
        guard let open = current, sessions.isIdle(now: foundation.clock.steady()) else { return }
        try await close(open, by: .keeper(foundation.keeper))
    }

    /// Drops the keys, whatever happens; the caller is in the gate. A lock that could not be written to the log waits like what comes after it.
    func close(_ open: OpenVault, by asker: Asker) async throws {
        replaceOpen(nil)
        sessions.clear()
        open.bell.close()
        open.brokers.close()
        open.traffic.close()
        open.writer.arrivals.close()
        defer { foundation.runners.retire() }
        let removed = open.files.close()
        if open.freeze.isUnstored { _ = try? await open.storeFreeze(by: .keeper(foundation.keeper)) }
        let entry = open.authorizer.entry(.vaultLock, by: asker, detail: removed.isEmpty ? [] : [AuditFact("files-removed", removed.count)])
        let last = open.authorizer.denials.flush() + [entry]
        // A freeze that is stored nowhere else is the first to be kept.
        let freeze = open.freeze.isUnstored ? [open.authorizer.entry(.agentsFreeze, by: .keeper(foundation.keeper))] : []
        do { try await open.writer.close(writing: last) } catch {
            guard keep(freeze + last) else { throw EngineError.lockUnwritten }
            return
        }
        guard keep(freeze) else { throw EngineError.lockUnwritten }
    }

    /// Keeps for the next unlock what could not be written to the log; false where there is no room for that either.
    func keep(_ entries: [AuditEntry]) -> Bool {
        defer { foundation.reserve.takeBack() }
        return entries.allSatisfy { entry in
            while true {
                do {
                    try lasting.pending.append(entry)
                    return true
                } catch EngineError.logFull { return false } catch { guard foundation.reserve.giveUp() else { return false } }
            }
        }
    }
}

extension Asker {
    /// The keeper itself, for what it does unasked.
    static func keeper(_ origin: Origin) -> Asker { Asker(standing: .person(steppedUp: false), source: .keeper, origin: origin) }
}
