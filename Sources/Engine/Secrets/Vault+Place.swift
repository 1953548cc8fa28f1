import Storage

extension Vault {
    /// Lets one act at a time through to what lies at the vault's place now. A vault that is locked afterwards holds no file.
    func passGate<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
        try await gate.pass { [self] in
            await closeIfMoved()
            do {
                let result = try await body()
                await letGo()
                return result
            } catch {
                await letGo()
                throw error
            }
        }
    }

    /// Locks, as a person does, a vault whose file was moved, removed or replaced: what is shown and written is that of the file at its place, or nothing.
    func leaveIfMoved() async {
        guard let store = storeAtHand, store.displacement != nil else { return }
        stopAll()
        // Runs that began before the keys were dropped are stopped too.
        defer { stopAll() }
        try? await passGate {}
    }

    private func stopAll() {
        runs.stopAll()
        current?.rotations.stop()
    }

    /// The caller is in the gate. What the log was to have last waits, as when it cannot be written for another reason.
    private func closeIfMoved() async {
        guard let store = storeAtHand, let displacement = store.displacement else { return }
        stopAll()
        defer { stopAll() }
        if let open = current { try? await close(open, by: .keeper(foundation.keeper)) }
        await takeStore(losing: displacement)?.close()
    }

    /// Closes the store of a locked vault. A backup that began before the lock reads on; the next upkeep finds it done.
    private func letGo() async {
        guard current == nil, !lasting.backups.isUnderway else { return }
        await takeStore()?.close()
        takeBackRoom()
    }

    /// Closes what a backup has held open beyond the lock.
    func letGoIfLocked() async {
        guard storeAtHand != nil, current == nil, !lasting.backups.isUnderway else { return }
        try? await passGate {}
    }

    /// Whether there is a vault: a file without an organization is one that was half made. The caller is in the gate.
    func hasVault() async throws -> Bool {
        guard foundation.storeExists() else { return false }
        return try await !store().organizations().isEmpty
    }
}
