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
            The entries are sealed: what is printed can be kept and verified by others, and shows no names. Where the first ones were pruned, the \
            first line is the signed checkpoint that stands for them.

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
        var first: Int64?
        let pageSize = 5000
        // The reading is itself an entry: the log grows while it is read, so a short page is the end.
        while true {
            let lines = try door.answer("GET", "\(WirePath.auditExport)?from=\(next)&limit=\(pageSize)").body
            var page = lines.split(separator: UInt8(ascii: "\n"))
            if let anchor = page.first, try Self.index(of: anchor) == nil { page.removeFirst() }
            guard let beginning = page.first, let end = page.last, let last = try Self.index(of: end) else { break }
            if first != nil, try Self.index(of: beginning) != next {
                throw CommandFailure("the log was pruned while it was exported", hint: "export it once more", code: "audit.pruned")
            }
            first = try first ?? Self.index(of: beginning)
            try sheet.write(lines)
            next = last + 1
            if page.count < pageSize { break }
        }
        try sheet.finish()
        guard let file else { return }
        let console = Console(context)
        guard let first else { return console.say("There are no entries from \(from) on: \(file) is empty.") }
        console.say("Wrote entries \(first) to \(next - 1) to \(file).")
        if first > from { console.note("the entries before \(first) were pruned; the first line is the checkpoint that stands for them") }
    }

    /// What is read of a line that is handed on: an entry's index; nil of an anchor.
    private static func index(of line: ArraySlice<UInt8>) throws -> Int64? { try VaultDoor.decode(Array(line), as: Line.self).index }

    private struct Line: Decodable { var index: Int64? }
}
