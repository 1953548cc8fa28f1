import TacitWire

/// What a person wants to run and with which secrets: the words of the command line, read.
struct RunPlan: Equatable {
    var command: [String]
    var secrets: [RunSecret]
    var takesAll = false
    var prefix: String?
    var preservesEnvironment = false
    var timeoutSeconds: Int?
    /// Whether the command runs in a sandbox, and whether its files are written as they are.
    var isSandboxed = false
    var writesThrough = false
    /// What the command reads besides, as absolute paths.
    var reads: [String] = []
    /// Whose fake tokens the command gets; nil for values.
    var agent: String?
    /// Whether those tokens are shown in the output as they are.
    var showsTokens = false

    /// The words that say which secrets a run gets.
    struct Choice {
        var keys: [String] = []
        var takesAll = false
        var input: String?
        /// A file of references.
        var file: String?
    }

    /// An example for whoever said too little.
    static let example = "for example `tacit run -k stripe/api-key -- npm start`; `tacit help run` has more"

    /// The command behind the options, with or without `--` before it.
    static func command(in words: [String]) throws -> [String] {
        let command = words.first == "--" ? Array(words.dropFirst()) : words
        guard let program = command.first, !program.isEmpty else { throw CommandFailure.usage("there is no command to run", hint: example) }
        guard words.first == "--" || !program.hasPrefix("-") else {
            throw CommandFailure.usage("`run` has no option like this one", hint: "write `--` before a command that begins with a dash")
        }
        guard !command.contains(where: { $0.utf8.contains(0) }) else { throw CommandFailure.usage("an argument holds a zero byte") }
        return command
    }

    /// The secrets that are named; without any, those of `.tacit.yaml`.
    static func secrets(_ choice: Choice, usual: () throws -> [ProjectFile.Key]?) throws -> [RunSecret] {
        var secrets = try choice.keys.map(secret) + (choice.file.map(EnvironmentFile.secrets(at:)) ?? [])
        if let input = choice.input {
            guard NameShape.isReference(input) else { throw notReference(input, "--stdin", "KEY") }
            secrets.append(RunSecret(reference: input, stdin: true))
        }
        guard secrets.isEmpty, !choice.takesAll, choice.file == nil else { return secrets }
        guard let keys = try usual(), !keys.isEmpty else {
            throw CommandFailure.usage("no secret is named: neither by -k nor by `keys` of a \(ProjectFile.name)", hint: example)
        }
        return keys.map { RunSecret(reference: $0.reference, variable: $0.variable) }
    }

    /// The secret in an open file, unless it goes to standard input.
    static func asFile(_ secret: RunSecret) -> RunSecret {
        var secret = secret
        if secret.stdin != true { secret.file = true }
        return secret
    }

    /// What `-k` takes: `KEY`, or `KEY=VARIABLE`.
    static func secret(_ text: String) throws -> RunSecret {
        if NameShape.isReference(text) { return RunSecret(reference: text) }
        guard let mark = text.lastIndex(of: "="), case let reference = String(text[..<mark]), NameShape.isReference(reference) else {
            throw notReference(text, "-k", "KEY or KEY=VARIABLE")
        }
        let variable = String(text[text.index(after: mark)...])
        guard NameShape.isVariable(variable.utf8) else {
            throw CommandFailure.usage(
                "a `-k` names no environment variable behind its `=`", hint: "letters, digits and `_`, no digit first: KEY=VARIABLE")
        }
        return RunSecret(reference: reference, variable: variable)
    }

    /// It never repeats what was typed: a value may have been.
    private static func notReference(_ text: String, _ option: String, _ form: String) -> CommandFailure {
        .usage(
            "what follows `\(option)` is no name of a secret"
                + (NameShape.fault(inReference: String(text.prefix { $0 != "=" })).map { ": \($0)" } ?? ""),
            hint: "write \(form), where KEY is NAME, NAME#FIELD or tacit://PROJECT/ENVIRONMENT/NAME")
    }

    /// The request to the keeper.
    func request(scope: Scope, in context: CommandContext, terminal: RunTerminal?, fileMask: Int) -> RunRequest {
        RunRequest(
            argv: command, cwd: context.currentDirectory, scope: scope.text, environment: Self.inherited(context.environment), secrets: secrets,
            all: takesAll, environmentPrefix: prefix, preserveEnvironment: preservesEnvironment, timeoutSeconds: timeoutSeconds,
            terminal: terminal, fileMask: fileMask, sandbox: isSandboxed ? true : nil, writeThrough: writesThrough ? true : nil,
            reads: reads.isEmpty ? nil : reads, agent: agent, showTokens: showsTokens ? true : nil)
    }

    /// The caller's environment without what is Tacit's own.
    static func inherited(_ environment: [String: String]) -> [String: String] { environment.filter { !$0.key.hasPrefix("TACIT_") } }
}
