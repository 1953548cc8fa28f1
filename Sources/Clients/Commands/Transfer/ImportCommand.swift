import ArgumentParser
import TacitClient
import TacitWire

/// `tacit import`
struct ImportCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take secrets in from a file or store of another program, all of them or none.",
        discussion: """
            Reads .env files, JSON, exports of 1Password (CSV), Bitwarden (JSON), LastPass (CSV) and secretctl, directories of pass and gopass \
            (through gpg), and files of SOPS (through sops). Values are taken exactly as they are written: nothing is expanded. JSON is \
            {"NAME": "value"} or {"NAME": {"FIELD": "value"}}. What is not understood is told by its place.

            EXAMPLES
              tacit import .env --dry-run
              tacit import .env --prefix shop/ -e staging
              tacit import .env --plain PORT --plain LOG_LEVEL
              tacit import secrets.json --on-conflict overwrite
              tacit import ~/Downloads/bitwarden_export.json --prefix mine/
              tacit import ~/.password-store --on-conflict skip
              heroku config --shell | tacit import - --format env
            """)

    @Argument(help: ArgumentHelp("The file, or the directory of a password store; - for standard input.", valueName: "file"))
    var file: String

    @Option(name: .customLong("format"), help: "What the file is; without it, its content and then its name tell.")
    var format: ImportFormat?

    @Option(name: .customLong("on-conflict"), help: "What to do with names that are there with another value.")
    var conflict: ConflictOption = .error

    @Option(name: .customLong("prefix"), help: ArgumentHelp("Put before each name, such as shop/.", valueName: "text"))
    var prefix = ""

    @Option(
        name: .customLong("plain"), help: ArgumentHelp("Not hidden, as stored: a port, a user, a switch (may be repeated).", valueName: "name"))
    var plain: [String] = []

    @Flag(name: .customLong("last-wins"), help: "Of a name that comes twice in a .env file, take the last, as shells do.")
    var lastWins = false

    @Flag(name: .customLong("literal"), help: "Take &amp; and the like in a LastPass export as they are written.")
    var isLiteral = false

    @Flag(name: .customLong("dry-run"), help: "Show what would be done, masked, and store nothing.")
    var isDryRun = false

    @OptionGroup var scope: ScopeOptions
    @OptionGroup var options: GlobalOptions

    func perform(in context: CommandContext) throws {
        let scope = try ScopeResolver(context: context).scope(scope)
        let door = try VaultDoor(context, options, to: "import secrets into \(scope.text)")
        try door.takePassword()
        let source = ImportSource(file: file, format: format, prefix: prefix, lastWins: lastWins, isLiteral: isLiteral)
        var (content, found) = try source.read(context)
        for name in plain { try content.makePlain(name) }
        let console = Console(context)
        if format == nil { console.note("it is read as \(found.title); `--format` says otherwise") }
        let result = try send(content, scope, door, console)
        for warning in content.warnings { console.warn(warning) }
        if options.json {
            console.say(json: result)
        } else {
            report(content, result, scope, console)
            for notice in result.notices { console.note(notice.printable) }
        }
        if file != "-", !isDryRun, !found.isSealed, !content.parts.isEmpty {
            console.warn(
                "\(file.printable) still holds the values in clear: delete it, and its copies in the trash, in backups and where it was downloaded, or at "
                    + "least keep it out of version control")
        }
    }

    /// Sends everything in one request, which is stored whole or not at all; what is too much for one goes in pieces, each of them whole.
    ///
    /// Then what stands in the way of any piece is found before the first is stored. One that was killed goes on where it was when it is begun again: what
    /// is stored already is unchanged then.
    private func send(_ content: ImportContent, _ scope: Scope, _ door: VaultDoor, _ console: Console) throws -> ImportResult {
        let pieces = content.pieces
        if pieces.count > 1, !isDryRun { for piece in pieces { _ = try send(piece, isDry: true, scope, door) } }
        var whole = ImportResult(dryRun: isDryRun)
        for (position, piece) in pieces.enumerated() {
            let result = try send(piece, isDry: isDryRun, scope, door)
            whole.created += result.created
            whole.overwritten += result.overwritten
            whole.skipped += result.skipped
            whole.unchanged += result.unchanged
            whole.notices += result.notices
            whole.guessable += result.guessable
            if pieces.count > 1, !isDryRun { console.note("piece \(position + 1) of \(pieces.count) is stored") }
        }
        return whole
    }

    private func send(_ parts: ArraySlice<ImportContent.Part>, isDry: Bool, _ scope: Scope, _ door: VaultDoor) throws -> ImportResult {
        let request = ImportRequest(entries: parts.map(\.entry), conflict: conflict.wire, dryRun: isDry)
        var form = MultipartBody()
        defer { form.wipe() }
        form.add("import", Array(try WireJSON.encode(request)))
        for (position, part) in parts.enumerated() { form.add("value-\(position)", part.value.bytes) }
        let answer = try door.answer(
            "POST", WirePath.imports(scope.project, scope.environment), body: form.body, contentType: form.contentType)
        return try VaultDoor.decode(answer.body)
    }

    private func report(_ content: ImportContent, _ result: ImportResult, _ scope: Scope, _ console: Console) {
        if isDryRun, !content.parts.isEmpty { console.say(content.preview(result, console.style).joined(separator: "\n")) }
        let counts = [
            (result.created.count, "created"), (result.overwritten.count, "overwritten"), (result.skipped.count, "skipped"),
            (result.unchanged.count, "unchanged"),
        ]
        let text = counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
        let verb = isDryRun ? "Would import into" : "Imported into"
        console.say("\(verb) \(scope.text): \(text.isEmpty ? "nothing" : text)\(isDryRun ? ". Nothing was stored." : ".")")
        guard result.guessable > 0 else { return }
        console.note(
            "\(result.guessable) of them could be guessed: where one stands in an agent's output, the output ends there, without a placeholder; "
                + "`--plain NAME` takes what is no secret, such as a port")
    }
}

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
