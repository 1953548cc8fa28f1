import ArgumentParser
import Glibc
import TacitClient
import TacitWire

/// `tacit audit export`
struct AuditExportCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print the stored entries as JSON lines: index, sealed bytes and chain value.",
        discussion: """
            The entries are sealed: what is printed can be kept and verified by others, and shows no names.

            EXAMPLES
              tacit audit export > audit.jsonl
              tacit audit export --from 15000 --file audit-15000.jsonl
            """)

    @Option(name: .customLong("from"), help: ArgumentHelp("From this index on.", valueName: "index"))
    var from: Int64 = 0

    @Option(name: .customLong("file"), help: ArgumentHelp("Write to this new file, 0600, instead of standard output.", valueName: "path"))
    var file: String?

    @OptionGroup var options: GlobalOptions

    func check() throws { guard from >= 0 else { throw CommandFailure.usage("entries are counted from 0") } }

    func perform(in context: CommandContext) throws {
        let door = try VaultDoor(context, options, to: "export the audit log")
        let sheet = try OutputFile(file, or: context.output)
        var next = from
        let pageSize: Int64 = 5000
        // The reading is itself an entry: the log grows while it is read, so a short page is the end.
        while true {
            let lines = try door.answer("GET", "\(WirePath.auditExport)?from=\(next)&limit=\(pageSize)").body
            try sheet.write(lines)
            let count = Int64(lines.count { $0 == UInt8(ascii: "\n") })
            next += count
            if count < pageSize { break }
        }
        try sheet.finish()
        if let file { Console(context).say("Wrote entries \(from) to \(next - 1) to \(file).") }
    }
}
