import ArgumentParser
import TacitWire

/// `tacit run`
struct RunCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a command with secrets in its environment.",
        discussion: """
            The command gets its secrets as environment variables: stripe/api-key becomes STRIPE_API_KEY, unless the secret is bound to another \
            variable or -k names one. It keeps your terminal, your environment, its signals and its exit code; streams that are pipes stay pipes. \
            What it prints goes through redaction: known values, also in base64, hex and other common forms, become [REDACTED:NAME].

            A secret with several fields gives those that are bound to variables; where none is, its field `value`, or the only hidden one, as the secret's name. \
            -k NAME#FIELD names another, which becomes NAME_FIELD. With --all a secret of which no single field stands for it gives each as NAME_FIELD. \
            `tacit export` writes every field of a secret, and each but `value` as NAME_FIELD.

            It ends when the command has ended and nothing that it started holds its output any more: what is to go on in the background gets an output of its own, as \
            in `server > log 2>&1 &`.

            Without -k, --all, --stdin or --env-file it gets the `keys` of the nearest .tacit.yaml.

            With --sandbox the command sees the system's programs and the working directory, and nothing else of this machine; it has no network. \
            What it changes in the directory is searched for values when it has ended, and written if it is clean; what is not is told.

            With --agent the command gets fake tokens in place of the values, and reaches the network through the broker, which sends the real \
            ones where the policy of that agent lists the request. So an agent can use what it never holds: `tacit run --agent NAME -- claude`. \
            With --sandbox besides, the broker is its only way out, and it writes the working directory as it is.

            EXAMPLES
              tacit run -k stripe/api-key -- npm start
              tacit run -k db=DATABASE_URL -k smtp#password=SMTP_PASSWORD -- ./deploy
              tacit run --stdin registry/token -- docker login --username me --password-stdin
              tacit run --timeout 5m -- make test
              tacit run --via fd -k tls/key=KEY_FILE -- nginx -g 'daemon off;'
              tacit run --sandbox --read ~/.cargo -k registry/token -- cargo build --offline
              tacit run --sandbox --agent claude -k github/token --learn wanted.yaml -- claude

            EXIT CODES
              The command's own; 128+N when signal N ended it. Otherwise
                2  the command line is not as it must be
              124  the time limit was reached
              125  Tacit could not run it; the message says why
              126  the command is there but cannot be executed
              127  there is no such command
            """)

    @Option(
        name: [.customShort("k"), .customLong("key")], help: ArgumentHelp("A secret, and the variable it goes into.", valueName: "key[=variable]"),
        completion: .secret)
    var keys: [String] = []

    @Flag(name: .long, help: "Every secret of the environment. Asks for your password.")
    var all = false

    @Option(name: .customLong("stdin"), help: ArgumentHelp("Send this secret to standard input, which then ends.", valueName: "key"))
    var input: String?

    @Option(
        name: .customLong("env-file"),
        help: ArgumentHelp("Also the secrets of this .env file, whose values are references (tacit://…).", valueName: "path"))
    var file: String?

    @Option(name: .customLong("env-prefix"), help: ArgumentHelp("Put this before variables that are made from names.", valueName: "prefix"))
    var prefix: String?

    @Flag(name: .customLong("preserve-env"), help: "A variable of yours wins over a secret of the same variable.")
    var preservesEnvironment = false

    @Option(name: .long, help: ArgumentHelp("End the command after this time.", valueName: "span"))
    var timeout: String?

    @Flag(name: .customLong("no-mask"), help: "Become the command: nothing is redacted. Asks for your password.")
    var isUnmasked = false

    @Option(
        name: .long,
        help: ArgumentHelp("env: variables hold the values; fd: each holds the path of an open file with its value.", valueName: "env|fd"))
    var via: String?

    @Flag(name: .long, help: "Confine the command: no network, no other process, no file but the working directory's.")
    var sandbox = false

    @Flag(name: .customLong("write-through"), help: "In a sandbox, write files as they are, without searching them.")
    var writeThrough = false

    @Option(name: .long, help: ArgumentHelp("In a sandbox, let the command read this file or directory, too.", valueName: "path"))
    var read: [String] = []

    @Option(name: .long, help: ArgumentHelp("Give it fake tokens and the broker, by this agent's policy.", valueName: "name"))
    var agent: String?

    @Flag(name: .customLong("show-tokens"), help: "With --agent, show its fake tokens in the output; otherwise they are redacted as values are.")
    var showTokens = false

    @Option(
        name: .customLong("learn"), help: ArgumentHelp("With --agent, write the rules that its requests lacked to a new file.", valueName: "file"))
    var learned: String?

    @OptionGroup var scope: ScopeOptions
    @OptionGroup var global: GlobalOptions

    @Argument(parsing: .captureForPassthrough, help: ArgumentHelp("The command and its arguments, behind `--`.", valueName: "command"))
    var words: [String] = []

    func perform(in context: CommandContext) throws {
        // What stands before the command is ours, also where the parser hands it through.
        if ["--help", "-h"].contains(words.first) { throw CleanExit.helpRequest(self) }
        var options = RunOptions(words, scope, global)
        (options.choice.keys, options.choice.takesAll, options.choice.input, options.choice.file) = (keys, all, input, file)
        (options.prefix, options.preservesEnvironment) = (prefix, preservesEnvironment)
        (options.timeout, options.isUnmasked) = (timeout, isUnmasked)
        (options.isSandboxed, options.writesThrough, options.way) = (sandbox, writeThrough, via)
        (options.reads, options.agent, options.showsTokens, options.learned) = (read, agent, showTokens, learned)
        try options.perform(in: context)
    }
}
