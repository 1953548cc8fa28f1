import ArgumentParser

/// `tacit audit`
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Read, verify and export the audit log.",
        discussion: """
            EXAMPLES
              tacit audit list
              tacit audit verify
              tacit audit checkpoint > checkpoint-today
            """,
        subcommands: [
            AuditListCommand.self, AuditShowCommand.self, AuditVerifyCommand.self, AuditExportCommand.self, AuditCheckpointCommand.self,
        ])
}
