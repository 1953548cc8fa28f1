import ArgumentParser
import TacitClient
import TacitWire

/// `tacit set`
struct SetCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Store a secret, or a new version of it.",
        discussion: """
            The value is typed at a prompt that does not show it, or comes through standard input, or from a file. It is never an argument: other \
            programs and the shell's history can read those. One line from standard input is taken without its line end, several lines and files \
            exactly as they are. Fields that are not written stay as they were.

            EXAMPLES
              tacit set stripe/api-key
              op read op://dev/stripe/key | tacit set stripe/api-key --expires 90d
              tacit set tls/key --file server.key --tag web --note "renewed by certbot"
              tacit set db/main --field password --plain user=app --plain host=db
              tacit set db/main --field password --bind PGPASSWORD=password
              tacit set db/main --template database --plain user=app --plain database=shop
              tacit set deploy/key --template ssh --file ~/.ssh/id_ed25519

            TEMPLATES
              login     user, password; perhaps url, totp
              database  host, port, database, user, password, as PGHOST and so on
              api       value; perhaps url
              ssh       private_key; perhaps user, host, passphrase
            """)

    @Argument(help: ArgumentHelp("The secret.", valueName: "name"), completion: .secret)
    var name: String

    @Argument(help: .hidden)
    var rest: [String] = []

    @Option(name: .customLong("file"), help: ArgumentHelp("Take the value from this file, exactly; - for standard input.", valueName: "path"))
    var file: String?

    @Option(name: .customLong("field"), help: ArgumentHelp("The field to write (may be repeated); without it, `value`.", valueName: "field"))
    var fields: [String] = []

    @Option(
        name: .customLong("plain"), help: ArgumentHelp("A field that is not hidden, such as user=app (may be repeated).", valueName: "field=value"))
    var plain: [String] = []

    @Option(
        name: .customLong("bind"),
        help: ArgumentHelp("The environment variable that a field becomes in a run (may be repeated).", valueName: "variable=field"))
    var bindings: [String] = []

    @Option(
        name: .customLong("template"),
        help: ArgumentHelp("The fields of a kind of secret: what is missing is asked for, or has its usual value.", valueName: "name"))
    var template: String?

    @Option(name: .customLong("if-version"), help: ArgumentHelp("Only if this is the current version; 0 if there must be none.", valueName: "n"))
    var expectedVersion: Int64?

    @Flag(name: .customLong("replace"), help: "Drop the fields that are not written.")
    var replacesFields = false

    @Flag(name: .customLong("keep-value"), help: "Write no value: change only what describes the secret.")
    var keepsValue = false

    @OptionGroup var metadata: MetadataOptions
    @OptionGroup var scope: ScopeOptions
    @OptionGroup var options: GlobalOptions

    func check() throws {
        guard rest.isEmpty else {
            throw CommandFailure.usage(
                "a value is never given as an argument: other programs and the shell's history can read it",
                hint: "run `tacit set NAME` and type it at the prompt, or pipe it in: `… | tacit set NAME`")
        }
        guard !keepsValue || file == nil && fields.isEmpty && plain.isEmpty && bindings.isEmpty && !replacesFields && template == nil else {
            throw CommandFailure.usage("`--keep-value` writes no field")
        }
        try metadata.check()
        _ = try boundFields()
    }

    func perform(in context: CommandContext) throws {
        let reference = try Reference(name, scope, in: context)
        guard reference.version == nil else { throw CommandFailure.usage("a version cannot be written again", hint: "leave out `?version=`") }
        let door = try VaultDoor(context, options, to: "store `\(reference.name)`")
        let written = keepsValue ? try describe(reference, door) : try store(reference, door)
        let console = Console(context)
        if options.json { return console.say(json: written) }
        console.say(
            keepsValue
                ? "Changed \(written.name)." : "Stored \(console.style.bold(written.name)) version \(written.version) in \(reference.scope.text).")
        for notice in written.notices { console.note(notice.printable) }
    }

    private func store(_ reference: Reference, _ door: VaultDoor) throws -> Written {
        try door.takePassword()
        let fields = try SetFields(self, reference)
        // Whatever can be told from the line and the vault is told before somebody types a value in vain.
        if fields.isTyped(door.context), let version = try door.version(before: reference, expecting: expectedVersion), !options.json {
            Terminal(door.context)?.say(
                "\(reference.name) exists (version \(version)): this makes version \(version + 1), and the agents that may use it get that one.")
            for item in door.vainRequests(for: reference) {
                Terminal(door.context)?.say(
                    "\(item.agent) asked for it (\(item.code)) and may not know of it: a new version gives it nothing. Ctrl-C leaves it as it is.")
            }
        }
        let parts = try fields.gather(door.context, from: door.passwords)
        let request = SetRequest(
            fields: parts.map(\.summary), replacesFields: replacesFields ? true : nil, tags: metadata.tags.isEmpty ? nil : metadata.tags,
            description: metadata.description, note: metadata.note, url: metadata.url, expires: metadata.expirySpan,
            bindings: try boundFields() ?? fields.template?.bindings(of: parts))
        return try door.store(parts, request, at: reference, ifMatch: expectedVersion)
    }

    /// Changes metadata without a new version.
    private func describe(_ reference: Reference, _ door: VaultDoor) throws -> Written {
        let current: SecretDetail = try door.get(reference.path)
        if let expectedVersion, expectedVersion != current.version {
            throw try door.isAnother(current.version, of: reference)
        }
        let patch = SecretPatch(
            addTags: metadata.tags.isEmpty ? nil : metadata.tags,
            removeTags: metadata.tags.isEmpty ? nil : current.tags.filter { !metadata.tags.contains($0) }, description: metadata.description,
            note: metadata.note, url: metadata.url, expires: metadata.expirySpan)
        return try door.send("PATCH", reference.path, json: patch, ifMatch: current.revision)
    }

    private func boundFields() throws -> [SetRequest.Binding]? {
        if bindings.isEmpty { return nil }
        return try bindings.map { text in
            let pair = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let field = pair.count == 2 ? String(pair[1]) : SetFields.usualField
            guard NameShape.isVariable(pair[0].utf8), NameShape.isSegment(field.utf8) else {
                throw CommandFailure.usage("`--bind` takes VARIABLE=FIELD", hint: "for example `--bind PGPASSWORD=password`")
            }
            guard !DangerousVariables.contains(String(pair[0])) else {
                throw CommandFailure.usage("\(pair[0]) decides what programs do; no secret is bound to it", hint: "choose another variable")
            }
            return SetRequest.Binding(variable: String(pair[0]), field: field)
        }
    }
}
