import ArgumentParser
import TacitWire

/// `tacit export`
struct ExportCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the values of an environment in clear, for another program to read.",
        discussion: """
            Asks for the password. What is written is no longer protected by anything: prefer `tacit run`. JSON keeps names, fields and bytes that \
            are no text; the others have one variable for each field, by its binding or its name. k8s is the manifest of a Secret, docker what \
            `docker run --env-file` reads, and shell lines to evaluate, each value in quotes.

            EXAMPLES
              tacit export --dry-run
              tacit export --format json --file backup.json
              tacit export -p shop -e prod --format k8s --name shop | kubectl apply -f -
              tacit export --format docker | docker run --env-file /dev/stdin app
              tacit export --format shell | sh -c '. /dev/stdin; exec app'
            """)

    @Option(name: .customLong("format"), help: "What to write.")
    var format: ExportFormat = .env

    @Option(name: .customLong("name"), help: ArgumentHelp("The name of the Kubernetes Secret; else PROJECT-ENVIRONMENT.", valueName: "name"))
    var name: String?

    @Option(name: .customLong("file"), help: ArgumentHelp("Write to this new file, 0600, instead of standard output.", valueName: "path"))
    var file: String?

    @Flag(name: .customLong("dry-run"), help: "Show what would be written, without a value.")
    var isDryRun = false

    @OptionGroup var scope: ScopeOptions
    @OptionGroup var options: GlobalOptions

    func check() throws {
        guard let name else { return }
        guard format == .k8s else { throw CommandFailure.usage("`--name` is for `--format k8s`") }
        guard KubernetesSecret.isName(name) else {
            throw CommandFailure.usage("this cannot be the name of a Secret", hint: "it has a-z, 0-9, `-` and `.`, such as `shop-prod`")
        }
    }

    func perform(in context: CommandContext) throws {
        let scope = try ScopeResolver(context: context).scope(scope)
        let purpose = isDryRun ? "list what an export of \(scope.text) would write" : "export the values of \(scope.text)"
        let door = try VaultDoor(context, options, to: purpose)
        if !isDryRun { try door.askFirst() }
        let fields = try ExportedFields.list(scope, through: door)
        do { try write(fields, scope, door, context) } catch let failure as CommandFailure { throw failure.leading(to: scope, in: context) }
    }

    private func write(_ fields: [ExportedField], _ scope: Scope, _ door: VaultDoor, _ context: CommandContext) throws {
        if format.hasVariables { try ExportedFields.checkVariables(fields) }
        let console = Console(context)
        if isDryRun { return preview(fields, scope, console) }
        let sheet = try OutputFile(file, or: context.output)
        let title = name ?? KubernetesSecret.name(project: scope.project, environment: scope.environment)
        var text = try ExportedFields.print(try values(of: fields, scope, door, console), as: format, named: title)
        defer { text.wipe() }
        console.warn("what is written is in clear: whoever reads \(file ?? "it") has the values")
        if format == .k8s { console.note("the Secret is \(title), and its keys are variables' names: `--dry-run` shows which") }
        try sheet.write(text)
        try sheet.finish()
        guard let file else { return }
        if options.json { return console.say(json: Self.page(fields)) }
        console.say("Wrote \(Self.count(fields)) of \(scope.text) to \(file).")
    }

    /// The values; what has expired is left out, and said.
    private func values(
        of fields: [ExportedField], _ scope: Scope, _ door: VaultDoor, _ console: Console
    ) throws -> [(ExportedField, WipedBytes)] {
        try ExportedFields.values(of: fields, scope, through: door) { field in
            let next = PlacedCommands(at: scope, in: door.context).completed("`tacit renew \(field.secret.printable)` makes it usable again")
            console.warn("\(field.label.printable) has expired and is left out: \(next)")
        }
    }

    private func preview(_ fields: [ExportedField], _ scope: Scope, _ console: Console) {
        if options.json { return console.say(json: Self.page(fields)) }
        var table = Table("NAME", "FIELD", "VARIABLE", "KIND")
        for field in fields {
            table.add(
                .init(field.secret.printable, style: console.style.bold), .init(field.name == SetFields.usualField ? "" : field.name.printable),
                .init(format.hasVariables ? field.variable : ""), .init(field.isPlain ? "plain" : "secret", style: console.style.dim))
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

/// The forms of what an export writes.
enum ExportFormat: String, ExpressibleByArgument, CaseIterable {
    case env, json, k8s, docker, shell

    /// Whether each field is a variable.
    var hasVariables: Bool { self != .json }
}
