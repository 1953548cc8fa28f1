import ArgumentParser
import TacitWire

/// `tacit generate`
struct GenerateCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Make a random value, and store it at once.",
        discussion: """
            With a name the value goes straight into the secret, as a new version, and nobody sees it; other fields stay as they were. Without a name it \
            is printed, for a password that is kept elsewhere. Every character or word is as likely as any other (the system's randomness).

            ALPHABETS
              \(ValueMaker.alphabets.map(\.name).joined(separator: ", "))

            EXAMPLES
              tacit generate stripe/webhook
              tacit generate db/main#password --length 24 --alphabet symbols
              tacit generate api/signing-key --alphabet hex --length 64
              tacit generate wifi/guests --words 6
              tacit generate --alphabet alphanumeric --unambiguous
              tacit generate door/code --characters 0123456789ABCD --length 6
            """)

    @Argument(help: ArgumentHelp("The secret, or NAME#FIELD; without it, the value is printed.", valueName: "name"))
    var name: String?

    @Option(name: .customLong("length"), help: ArgumentHelp("How many characters; 32.", valueName: "n"))
    var length: Int?

    @Option(name: .customLong("alphabet"), help: ArgumentHelp("A name of the list above; alphanumeric.", valueName: "name"))
    var alphabet: String?

    @Option(name: .customLong("characters"), help: ArgumentHelp("Take these characters in place of an alphabet.", valueName: "characters"))
    var characters: String?

    @Option(name: .customLong("exclude"), help: ArgumentHelp("Leave these characters out.", valueName: "characters"))
    var excluded: String?

    @Flag(name: .customLong("unambiguous"), help: "Leave out what one takes for another: 0 O 1 l I |.")
    var isUnambiguous = false

    @Option(name: .customLong("words"), help: ArgumentHelp("So many words of a list of 2,048, eleven bits each.", valueName: "n"))
    var words: Int?

    @Option(name: .customLong("separator"), help: ArgumentHelp("What stands between words; -.", valueName: "text"))
    var separator: String?

    @OptionGroup var metadata: MetadataOptions
    @OptionGroup var scope: ScopeOptions
    @OptionGroup var options: GlobalOptions

    func check() throws {
        guard words == nil || length == nil && alphabet == nil && characters == nil && excluded == nil && !isUnambiguous else {
            throw CommandFailure.usage(
                "`--words` does not go together with characters", hint: "leave out --length, --alphabet, --characters and --exclude")
        }
        guard alphabet == nil || characters == nil else {
            throw CommandFailure.usage("an alphabet is named, or given by its characters", hint: "leave out --alphabet or --characters")
        }
        guard words != nil || separator == nil else { throw CommandFailure.usage("`--separator` stands between words", hint: "add `--words`") }
        _ = try maker()
    }

    private func maker() throws -> ValueMaker {
        if let words { return try ValueMaker(words: words, separator: separator ?? "-") }
        return try ValueMaker(
            length: length ?? ValueMaker.usualLength, alphabet: try characters ?? ValueMaker.characters(ofAlphabet: alphabet ?? "alphanumeric"),
            without: (excluded ?? "") + (isUnambiguous ? ValueMaker.ambiguous : ""))
    }

    func perform(in context: CommandContext) throws {
        let maker = try maker()
        var random = SystemRandomNumberGenerator()
        let value = maker.make(using: &random)
        let console = Console(context)
        guard let name else {
            if options.json { throw CommandFailure.usage("a printed value is no JSON", hint: "leave out --json, or name a secret") }
            console.answer(value.bytes)
            if console.isTerminal { console.say("") }
            return console.note("about \(maker.bits) bits; it is stored nowhere")
        }
        let reference = try Reference(name, scope, in: context)
        guard reference.version == nil else { throw CommandFailure.usage("a version cannot be written again", hint: "leave out `?version=`") }
        let door = try VaultDoor(context, options, to: "store `\(reference.name)`")
        let field = reference.field ?? SetFields.usualField
        let written = try door.store(
            [.init(summary: FieldSummary(name: field, kind: .secret), value: value)],
            SetRequest(
                fields: [FieldSummary(name: field, kind: .secret)], tags: metadata.tags.isEmpty ? nil : metadata.tags,
                description: metadata.description, note: metadata.note, url: metadata.url, expires: metadata.expirySpan), at: reference)
        if options.json { return console.say(json: written) }
        let what = field == SetFields.usualField ? written.name : "\(written.name)#\(field)"
        console.say("Stored \(console.style.bold(what.printable)) version \(written.version) in \(reference.scope.text): about \(maker.bits) bits.")
        for notice in written.notices { console.note(notice.printable) }
    }
}
