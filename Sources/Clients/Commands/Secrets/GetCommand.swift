import ArgumentParser
import TacitClient
import TacitWire

/// `tacit get`
struct GetCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Reveal a value.",
        discussion: """
            Revealing asks for the password each time. Exactly the value's bytes are printed; a line end is added only on a terminal. Prefer \
            `tacit run`: it gives a program the value without showing it to anybody.

            EXAMPLES
              tacit get stripe/api-key
              tacit get db/main --field password --version 3
              tacit get stripe/api-key --mask
              tacit get tls/key > server.key
            """)

    @Argument(help: ArgumentHelp("The secret.", valueName: "name"), completion: .secret)
    var name: String

    @Option(name: .customLong("field"), help: ArgumentHelp("The field; without it, the one that stands for the secret.", valueName: "field"))
    var field: String?

    @Option(name: .customLong("version"), help: ArgumentHelp("An earlier version.", valueName: "n"))
    var version: Int64?

    @Flag(name: .customLong("mask"), help: "Show only that it is there, and the last four characters of a long one.")
    var isMasked = false

    @Flag(name: .customLong("grace"), help: "Let this terminal reveal without being asked again for five minutes.")
    var opensGrace = false

    @OptionGroup var scope: ScopeOptions
    @OptionGroup var options: GlobalOptions

    func check() throws {
        if isMasked, opensGrace { throw CommandFailure.usage("`--mask` reveals nothing, so `--grace` has nothing to open") }
    }

    func perform(in context: CommandContext) throws {
        var reference = try Reference(name, scope, in: context)
        try reference.narrow(field: field, version: version)
        let console = Console(context)
        let door = try VaultDoor(context, options, to: "reveal `\(reference.name)`")
        if isMasked {
            let masked: MaskedValue = try door.get("\(reference.path)/masked\(reference.query)")
            return options.json ? console.say(json: masked) : console.say(masked.masked.printable)
        }
        try door.askToReveal(opensGrace: opensGrace)
        let answer = try door.answer("GET", "\(reference.path)/value\(reference.query)")
        let value = WipedBytes(answer.body)
        if options.json { return Self.print(value, reference, answer.headers, to: console) }
        console.answer(value.bytes)
        if console.isTerminal { console.say("") }
    }

    /// The value as JSON, in `text` or, when it is no text, in `base64`; built in a buffer that is wiped.
    private static func print(_ value: WipedBytes, _ reference: Reference, _ headers: [String: String], to console: Console) {
        let version = headers[WireHeader.version.lowercased()] ?? "0"
        let kind = headers[WireHeader.fieldKind.lowercased()] ?? "secret"
        let isText = isUTF8(value.bytes)
        var json: [UInt8] = []
        // An upper bound, so that the buffer never moves.
        json.reserveCapacity(6 * value.count + 6 * reference.name.utf8.count + 512)
        if isText {
            json += Array("{\"kind\":\(JSONText.quoted(kind)),\"name\":\(JSONText.quoted(reference.name)),\"text\":".utf8)
            JSONText.appendQuoted(value.bytes, to: &json)
        } else {
            json += Array("{\"base64\":\"".utf8)
            Base64.append(value.bytes, to: &json)
            json += Array("\",\"kind\":\(JSONText.quoted(kind)),\"name\":\(JSONText.quoted(reference.name))".utf8)
        }
        json += Array(",\"version\":\(Int64(version) ?? 0)}\n".utf8)
        console.answer(json)
        json.wipe()
    }
}
