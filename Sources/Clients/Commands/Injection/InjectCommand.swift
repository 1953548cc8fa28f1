import ArgumentParser
import TacitClient
import TacitWire

/// `tacit inject`
struct InjectCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "inject",
        abstract: "Put values into a template: a file of your own, or a pipe.",
        discussion: """
            Replaces each {{ tacit://PROJECT/ENVIRONMENT/NAME#FIELD }} of the template by its value, byte for byte; all other text stays, other \
            double braces too. Shows the references and asks for the password: look at a template that an agent wrote. A reference that leads nowhere is an error that names it, and nothing is written. The file is \
            0600, in clear, and yours to delete; with --fifo the values lie in no file: the pipe is gone once it was read.

            With --agent, fake tokens stand in the places of secret fields, for a program of that agent's: they are good in every run of the agent that \
            begins from then on, as those of `tacit token issue` are, and plain fields stand there as they are.

            EXAMPLES
              tacit inject -i app.yaml.tpl -o app.yaml
              tacit inject -i app.yaml.tpl -o app.yaml --fifo --max-reads 2
              tacit inject < .env.tpl | docker run --env-file /dev/stdin app
              tacit inject --agent claude -i npmrc.tpl -o .npmrc
            """)

    @Option(name: [.customShort("i"), .customLong("in")], help: ArgumentHelp("The template; standard input unless given.", valueName: "path"))
    var input: String?

    @Option(
        name: [.customShort("o"), .customLong("out")], help: ArgumentHelp("Where it is written; standard output unless given.", valueName: "path"))
    var output: String?

    @Flag(name: .long, help: "Replace the file that is there.")
    var force = false

    @Flag(name: .long, help: "Offer it as a named pipe instead of writing a file.")
    var fifo = false

    @Option(name: .customLong("max-reads"), help: ArgumentHelp("How often the pipe can be read; once unless given.", valueName: "n"))
    var maxReads: Int?

    @Option(name: .long, help: ArgumentHelp("Put fake tokens of this agent in place of values.", valueName: "name"))
    var agent: String?

    @Option(name: .customLong("ttl"), help: ArgumentHelp("How long the tokens are good, 30d unless given.", valueName: "span"))
    var life: String?

    @OptionGroup var options: GlobalOptions

    func check() throws {
        guard agent != nil || life == nil else { throw CommandFailure.usage("`--ttl` is for the tokens of `--agent`") }
        guard !fifo || output != nil else { throw CommandFailure.usage("a pipe needs a path", hint: "name it with `-o`") }
        guard fifo || maxReads == nil else { throw CommandFailure.usage("`--max-reads` is for `--fifo`") }
        guard (1...1000).contains(maxReads ?? 1) else { throw CommandFailure.usage("what follows `--max-reads` is no number from 1 to 1000") }
        guard !force || output != nil && !fifo else { throw CommandFailure.usage("`--force` replaces a file: it goes with `-o`, without `--fifo`") }
    }

    func perform(in context: CommandContext) throws {
        let door = try VaultDoor(context, options, to: "put values into a template")
        try door.takePassword()
        let template = try template(context)
        door.references = template.references
        // A template without references takes nothing out of the vault.
        if !template.references.isEmpty { try door.askFirst() }
        let tokens = try agent.map {
            try IssuedTokens(
                of: SegmentArgument.checked($0, "the agent"), lasting: life.map { try RunSpan.seconds($0, after: "--ttl") }, through: door)
        }
        do {
            try fill(template, try values(for: template, through: door, tokens), context)
        } catch {
            // Nobody has them.
            tokens?.revoke()
            throw error
        }
    }

    private func fill(_ template: InjectionTemplate, _ values: [String: WipedBytes], _ context: CommandContext) throws {
        var text = Self.text(template, values)
        guard let output else {
            defer { text.wipe() }
            guard Console.write(text, to: context.output) else { throw CommandFailure("not everything could be written") }
            return
        }
        if fifo { return try offer(WipedBytes(text), at: output, context) }
        defer { text.wipe() }
        try InjectedFile(output, replacing: force).write(text)
        Console(context).note(
            agent.map { "\(output) holds fake tokens of \($0): `tacit token list` shows them" }
                ?? "\(output) holds \(Counted(template.references.count, "value")) in clear: delete it when it is no longer needed")
    }

    private func template(_ context: CommandContext) throws -> InjectionTemplate {
        let name = input ?? "standard input"
        let limit = InjectionTemplate.largest
        let bytes =
            try input.map { try Input.readFile($0, limit: limit, naming: name) } ?? Input.readAll(context.input, limit: limit, naming: name)
        do throws(FormatError) { return try InjectionTemplate(bytes) } catch { throw CommandFailure(error, in: name) }
    }

    /// The value of each reference. Those that lead nowhere are named, all at once.
    private func values(for template: InjectionTemplate, through door: VaultDoor, _ tokens: IssuedTokens?) throws -> [String: WipedBytes] {
        var values: [String: WipedBytes] = [:]
        var unknown: [String] = []
        for text in template.references {
            let reference = try Reference(text, ScopeOptions.none, in: door.context)
            do {
                values[text] = WipedBytes(
                    try tokens?.token(for: reference, text) ?? door.answer("GET", "\(reference.path)/value\(reference.query)").body)
            } catch let failure as CommandFailure where failure.status == .notFound {
                unknown.append(text)
            }
        }
        guard unknown.isEmpty else {
            throw CommandFailure(
                "nothing is stored for \(unknown.joined(separator: ", "))",
                hint: "nothing was written; `tacit list -p PROJECT -e ENVIRONMENT` shows names", status: .notFound, code: "inject.unknown-reference")
        }
        return values
    }

    /// The template with its values; the caller wipes it.
    private static func text(_ template: InjectionTemplate, _ values: [String: WipedBytes]) -> [UInt8] {
        var text: [UInt8] = []
        for part in template.parts {
            switch part {
            case .text(let bytes): text.appendWiping(bytes)
            case .reference(let name): text.appendWiping(values[name]?.bytes ?? [])
            }
        }
        return text
    }

    private func offer(_ text: WipedBytes, at path: String, _ context: CommandContext) throws {
        let reads = maxReads ?? 1
        Console(context).note("\(path) can be read \(reads == 1 ? "once" : "\(reads) times"); Ctrl-C takes it away")
        context.typing.end()
        if let number = try OfferedPipe(path: path, bytes: text).serve(reads: reads) { throw ExitCode(128 + number) }
    }
}
