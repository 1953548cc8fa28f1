import ArgumentParser
import TacitClient
import TacitWire

/// `tacit import`
struct ImportCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take secrets in from a .env or JSON file, all of them or none.",
        discussion: """
            Values are taken exactly as they are written: nothing is expanded. JSON is {"NAME": "value"} or {"NAME": {"FIELD": "value"}}.

            EXAMPLES
              tacit import .env --dry-run
              tacit import .env --prefix shop/ -e staging
              tacit import secrets.json --conflict overwrite
              heroku config --shell | tacit import - --format dotenv
            """)

    @Argument(help: ArgumentHelp("The file; - for standard input.", valueName: "file"))
    var file: String

    @Option(name: .customLong("format"), help: "dotenv or json; without it, by the file's name.")
    var format: TransferFormat?

    @Option(name: .customLong("conflict"), help: "What to do with names that are there with another value: error, skip or overwrite.")
    var conflict: ConflictOption = .error

    @Option(name: .customLong("prefix"), help: ArgumentHelp("Put before each name, such as shop/.", valueName: "text"))
    var prefix = ""

    @Flag(name: .customLong("last-wins"), help: "Of a name that comes twice in a .env file, take the last, as shells do.")
    var lastWins = false

    @Flag(name: .customLong("dry-run"), help: "Show what would be done, masked, and store nothing.")
    var isDryRun = false

    @OptionGroup var scope: ScopeOptions
    @OptionGroup var options: GlobalOptions

    func perform(in context: CommandContext) throws {
        let scope = try ScopeResolver(context: context).scope(scope)
        let door = try VaultDoor(context, options, to: "import secrets into \(scope.text)")
        try door.takePassword()
        let content = try read(context)
        let result = try send(content, scope, door)
        let console = Console(context)
        for warning in content.warnings { console.warn(warning) }
        if options.json {
            console.say(json: result)
        } else {
            report(content, result, scope, console)
            for notice in result.notices { console.note(notice.printable) }
        }
        if file != "-", !isDryRun {
            console.warn("\(file) still holds the values in clear: delete it, or at least keep it out of version control and backups")
        }
    }

    private func read(_ context: CommandContext) throws -> ImportContent {
        guard file != "-" || format != nil else {
            throw CommandFailure.usage("standard input has no name to tell its format by", hint: "say `--format dotenv` or `--format json`")
        }
        let name = file == "-" ? "standard input" : file
        let limit = ImportContent.maximumByteCount
        let bytes = WipedBytes(
            file == "-" ? try Input.readAll(context.input, limit: limit, naming: name) : try Input.readFile(file, limit: limit, naming: "the file"))
        let format = format ?? (file.lowercased().hasSuffix(".json") ? .json : .dotenv)
        do {
            return try ImportContent(bytes.bytes, format, prefix: prefix, lastWins: lastWins)
        } catch let error as FormatError { throw CommandFailure(error, in: name) }
    }

    private func send(_ content: ImportContent, _ scope: Scope, _ door: VaultDoor) throws -> ImportResult {
        let request = ImportRequest(entries: content.parts.map(\.entry), conflict: conflict.wire, dryRun: isDryRun)
        var form = MultipartBody()
        defer { form.wipe() }
        form.add("import", Array(try WireJSON.encode(request)))
        for (position, part) in content.parts.enumerated() { form.add("value-\(position)", part.value.bytes) }
        let answer = try door.answer(
            "POST", WirePath.imports(scope.project, scope.environment), body: form.body, contentType: form.contentType)
        return try VaultDoor.decode(answer.body)
    }

    private func report(_ content: ImportContent, _ result: ImportResult, _ scope: Scope, _ console: Console) {
        if isDryRun, !content.parts.isEmpty { console.say(preview(content, result, console.style).joined(separator: "\n")) }
        let counts = [
            (result.created.count, "created"), (result.overwritten.count, "overwritten"), (result.skipped.count, "skipped"),
            (result.unchanged.count, "unchanged"),
        ]
        let text = counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
        let verb = isDryRun ? "Would import into" : "Imported into"
        console.say("\(verb) \(scope.text): \(text.isEmpty ? "nothing" : text)\(isDryRun ? ". Nothing was stored." : ".")")
        guard result.guessable > 0 else { return }
        console.note(
            "\(result.guessable) of them could be guessed: where one stands in an agent's output, the output ends there, without a placeholder")
    }

    private func preview(_ content: ImportContent, _ result: ImportResult, _ style: Style) -> [String] {
        var actions: [String: String] = [:]
        for (names, action) in [
            (result.created, "create"), (result.overwritten, "overwrite"), (result.skipped, "skip"), (result.unchanged, "unchanged"),
        ] {
            for name in names { actions[name] = action }
        }
        var table = Table("NAME", "FIELD", "VALUE", "ACTION")
        for part in content.parts {
            table.add(
                .init(part.entry.name, style: style.bold), .init(part.entry.field == SetFields.usualField ? "" : part.entry.field),
                .init(MaskedText.of(part.value.bytes), style: style.dim), .init(actions[part.entry.name] ?? ""))
        }
        return table.lines(style)
    }
}

/// The forms of a file of secrets.
enum TransferFormat: String, ExpressibleByArgument, CaseIterable { case dotenv, json }

/// What an import does with a name that is there with another value.
enum ConflictOption: String, ExpressibleByArgument, CaseIterable {
    case error, skip, overwrite

    var wire: ImportRequest.Conflict {
        switch self {
        case .error: .error
        case .skip: .skip
        case .overwrite: .overwrite
        }
    }
}
