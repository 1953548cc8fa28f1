package import Storage

extension SQLConnection {
    /// Brings an empty or older schema to the newest step, in one transaction; a schema from the future is refused.
    package func migrate(in dialect: SQLDialect, isEmpty: Bool, to steps: [SQLMigration] = SQLMigration.all) throws(StoreError) {
        let present = isEmpty ? 0 : try schemaVersion()
        let newest = steps.last?.version ?? 0
        guard present <= newest else { throw .newer(version: present) }
        guard present < newest else { return }
        try execute(script: dialect.begin)
        do {
            for step in steps where step.version > present {
                try execute(script: step.script(in: dialect))
                _ = try run(.insertMigration, [.integer(step.version), .text(step.name)])
            }
            try execute(script: "COMMIT")
        } catch {
            try? execute(script: "ROLLBACK")
            // The vault is held by nobody else: it is no other writer that stands in the way of a step.
            if case .conflict = error { throw .damaged("its rows do not fit the next step of the schema") }
            throw error
        }
    }

    private func schemaVersion() throws(StoreError) -> Int64 {
        var version: Int64 = 0
        try query(.schemaVersion, []) { row in version = row.integer(0) }
        guard version >= 1 else { throw .damaged("it has no schema version") }
        return version
    }
}
