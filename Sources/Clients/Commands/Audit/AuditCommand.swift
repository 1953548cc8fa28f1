import ArgumentParser

/// `tacit audit`
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Read, verify, prove, export and prune the audit log.",
        discussion: """
            EXAMPLES
              tacit audit list
              tacit audit verify
              tacit audit checkpoint > checkpoint-today
              tacit audit prove 1203 > entry-1203.tlog-proof
              tacit audit prune --before 365d
            """,
        subcommands: [
            AuditListCommand.self, AuditShowCommand.self, AuditVerifyCommand.self, AuditExportCommand.self, AuditCheckpointCommand.self,
            AuditProveCommand.self, AuditPruneCommand.self,
        ])
}
