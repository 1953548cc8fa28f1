import ArgumentParser
import TacitWire

/// `tacit export`
struct ExportCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the values of an environment in clear, as .env or JSON.",
        discussion: """
            Asks for the password. What is written is no longer protected by anything: prefer `tacit run`. JSON keeps names, fields and bytes that \
            are no text; .env has one variable for each field, by its binding or its name.

            EXAMPLES
              tacit export --dry-run
              tacit export --format json --file backup.json
              tacit export -p shop -e staging | docker run --env-file /dev/stdin app
            """)

    @Option(name: .customLong("format"), help: "dotenv or json.")
    var format: TransferFormat = .dotenv

    @Option(name: .customLong("file"), help: ArgumentHelp("Write to this new file, 0600, instead of standard output.", valueName: "path"))
    var file: String?

    @Flag(name: .customLong("dry-run"), help: "Show what would be written, without a value.")
    var isDryRun = false

    @OptionGroup var scope: ScopeOptions
    @OptionGroup var options: GlobalOptions

    func perform(in context: CommandContext) throws {
        let scope = try ScopeResolver(context: context).scope(scope)
        let door = try VaultDoor(context, options, to: "export the values of \(scope.text)")
        if !isDryRun { try door.askFirst() }
        let fields = try ExportedFields.list(scope, through: door)
        if format == .dotenv { try ExportedFields.checkVariables(fields) }
        let console = Console(context)
        if isDryRun { return preview(fields, scope, console) }
        let sheet = try OutputFile(file, or: context.output)
        console.warn("what is written is in clear: whoever reads \(file ?? "it") has the values")
        var text = try ExportedFields.print(try values(of: fields, door, console), as: format)
        defer { text.wipe() }
        try sheet.write(text)
        try sheet.finish()
        guard let file else { return }
        if options.json { return console.say(json: Self.page(fields)) }
        console.say("Wrote \(Self.count(fields)) of \(scope.text) to \(file).")
    }

    /// The values; what has expired is left out, and said.
    private func values(of fields: [ExportedField], _ door: VaultDoor, _ console: Console) throws -> [(ExportedField, WipedBytes)] {
        try fields.compactMap { field in
            do {
                return (field, try field.value(through: door))
            } catch let failure as CommandFailure where failure.code == "secret.expired" {
                console.warn("\(field.label.printable) has expired and is left out: `tacit renew` makes it usable again")
                return nil
            }
        }
    }

    private func preview(_ fields: [ExportedField], _ scope: Scope, _ console: Console) {
        if options.json { return console.say(json: Self.page(fields)) }
        var table = Table("NAME", "FIELD", "VARIABLE", "KIND")
        for field in fields {
            table.add(
                .init(field.secret.printable, style: console.style.bold), .init(field.name == SetFields.usualField ? "" : field.name.printable),
                .init(format == .dotenv ? field.variable : ""), .init(field.isPlain ? "plain" : "secret", style: console.style.dim))
        }
        for line in table.lines(console.style) { console.say(line) }
        console.say("Would write \(Self.count(fields)) of \(scope.text). Nothing was written.")
    }

    /// What was exported, without values.
    private static func page(_ fields: [ExportedField]) -> Page<Existence> {
        Page(items: fields.map { Existence(name: $0.label, exists: true, version: $0.version) })
    }

    private static func count(_ fields: [ExportedField]) -> String { fields.count == 1 ? "1 value" : "\(fields.count) values" }
}
