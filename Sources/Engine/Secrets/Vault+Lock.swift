import Auditing
package import Model

extension Vault {
    /// Locks at once: stops runs that hold values, signs a checkpoint, drops every key.
    package func lock(by asker: Asker) async throws {
        runs.stopAll()
        try await close(by: asker)
    }

    /// Locks when no person acted for long enough; running programs go on.
    package func lockIfIdle() async throws {
        guard isUnlocked, sessions.isIdle(now: foundation.clock.steady()) else { return }
        try await close(by: .keeper(foundation.keeper))
    }

    /// The connection has ended; a vault that was open for its command alone is locked again.
    package func connectionEnded(_ connection: UInt64) async throws {
        guard sessions.connectionEnded(connection), isUnlocked else { return }
        try await close(by: .keeper(foundation.keeper))
    }

    /// The moment since boot at which `lockIfIdle` is worth asking again.
    package var idleDeadline: Timestamp? { sessions.locksAt }

    private func close(by asker: Asker) async throws {
        try await gate.pass { [self] in
            guard let open = current else { return }
            replaceOpen(nil)
            sessions.clear()
            defer { foundation.runners.retire() }
            for denial in open.authorizer.denials.flush() { _ = try await open.writer.record(denial) }
            try await open.authorizer.state(.vaultLock, by: asker)
            _ = try await open.writer.checkpoint()
        }
    }
}

extension Asker {
    /// The keeper itself, for what it does unasked.
    static func keeper(_ origin: Origin) -> Asker { Asker(standing: .person(steppedUp: false), source: .keeper, origin: origin) }
}
