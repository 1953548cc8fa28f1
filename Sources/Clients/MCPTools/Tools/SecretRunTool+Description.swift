import MCPSession
import TacitWire

extension SecretRunTool {
    var description: ToolDescription {
        ToolDescription(
            name: "secret_run", title: "Secrets: run a command with secrets",
            description: """
                Run a program with secrets in its environment and get its exit code and output, with known secret values and their common \
                encodings replaced by [REDACTED:NAME]. THE DEFAULT WAY to use a secret: tests, migrations, deploys, CLIs. Program and arguments \
                go in argv, without a shell (no pipes, $VAR, globs or &&); put such logic in a script file and run it by its interpreter (["bash","/path/x.sh"]), where rule_list shows that one with any_code. Where \
                secret_list says listed_program, only programs that the policy lists may have the secret, scripts and shells included: rule_list names them. \
                Unless the policy lets it out, it runs in a sandbox: of your files only cwd, where clean changes are kept, and no network; where the policy lists requests with the secret, the variable holds a fake token that works through the proxy set there. \
                The program reads the variable itself; never try to print it: commands that dump the environment are refused. Names come from secret_list. \
                curl gets a key in a header from standard input: argv ["curl","-sS","-H","@-","https://api.example.com/v1/items"] with the secret \
                {"name":"example/key","as":"stdin","before":"Authorization: Bearer "}.
                """,
            input: .arguments(Self.input), output: .result(Self.output), hints: [.destructive, .openWorld],
            meta: ["anthropic/alwaysLoad": true])
    }

    private static let input: [Schema.Property] = [
        .required(
            "argv", .array(#"Program and arguments, e.g. ["npm","run","migrate"]."#, of: .string("Word.", atMost: 131_072), atLeast: 1, atMost: 256)
        ),
        .required(
            "secrets",
            .array(
                #"Secrets to hand over, e.g. [{"name":"stripe/api-key"}]."#,
                of: .arguments([
                    .required("name", .secretReference),
                    .optional(
                        "var",
                        .string(
                            "Environment variable to set; for as=file, to the path. Default: made from the name, e.g. STRIPE_API_KEY.", atLeast: 1,
                            atMost: 128)),
                    .optional(
                        "as",
                        .string(
                            "How the program receives it: env = environment variable (default), file = in a private file, which ends with the run, its "
                                + "path in the variable; stdin = on standard input, which then ends.", oneOf: ["env", "file", "stdin"])),
                    .optional(
                        "before",
                        .string(
                            #"For as=stdin only: text that stands before the value (no secrets), e.g. "Authorization: Bearer "."#,
                            atMost: RunSecret.longestText)),
                    .optional("after", .string("For as=stdin only: text that stands after the value (no secrets).", atMost: RunSecret.longestText)),
                    .optional("version", .integer("An earlier version, e.g. while a key is rotated. Default: the current one.", atLeast: 1)),
                ]), atLeast: 1, atMost: 32)
        ),
        .required(
            "purpose",
            .string("One sentence for the audit log and for the person who reads it. Never put a secret value here.", atLeast: 1, atMost: 300)),
        .optional(
            "cwd",
            .string(
                "Absolute working directory; name the project's for commands that need its files. Default: an empty private one.", atMost: 4096)),
        .optional("stdin", .string("Text for standard input (no secrets).")),
        .optional(
            "timeout_seconds",
            .integer("Stop the program after this many seconds. Default 50; some hosts give up after 60.", atLeast: 1, atMost: 300, default: 50)),
        .optional(
            "max_output_bytes",
            .integer(
                "Longest stdout and stderr to return, bytes each; the middle is cut out. Default 16384.", atLeast: 1024,
                atMost: Int64(RunWish.largestOutput), default: 16_384)),
    ]

    private static let output: [Schema.Property] = [
        .required("exit_code", .integer("Exit status; 128+N when ended by signal N.")),
        .required("timed_out", .boolean("It was stopped after timeout_seconds.")),
        .required("stdout", .string("Redacted output.")),
        .required("stderr", .string("Redacted errors.")),
        .required("truncated", .boolean("Something was cut out of the middle; see notes.")),
        .required("redactions", .integer("How many times a value was replaced in the whole output.")),
        .required("redacted", .array("What was replaced.", of: redacted)),
        .required("not_scanned", .array("What could not be searched for values; empty when all was.", of: .string("One sentence."))),
        .required("notes", .array("What was done to make the output fit, and what in argv was no variable.", of: .string("One sentence."))),
        .optional("output", withheldOutput),
        .optional("sandbox", sandbox),
        .optional("files", files),
        .required("duration_ms", .integer("Run time, from the program's start.")),
        .required("secrets_used", .array("Secrets that were handed over.", of: used)),
        .optional("audit_id", .string("Audit entry.")),
    ]

    private static let withheldOutput = Schema.result(
        [
            .required(
                "withheld",
                .array(
                    "The streams that end early. Of an answer with another reason than compressed both are withheld whole.",
                    of: Schema.result([
                        .required("stream", .string("stdout or stderr.")),
                        .required("reason", .string("compressed, guessable, or fuse: too many answers before.")),
                        .optional("secret", .string("The secret whose value was hit.")),
                        .required("bytes", .integer("How much was not passed on.")), .required("message", .string("One sentence, with a next step.")),
                    ])))
        ], "What of the output was withheld. Absent: nothing.")

    private static let sandbox = Schema.result(
        [
            .required("namespaces", .string("on, or why not.")), .required("landlock", .string("on, or off.")),
            .required("seccomp", .string("on, or off.")), .required("network", .string("none, broker or host.")),
            .required("files", .string("private: nothing is kept; checked: clean changes in cwd are kept; through: written as they are.")),
            .required("cgroup", .string("on and the limits of all its processes together, or none and why.")),
        ], "What confined the program. Absent: nothing did, as the policy says.")

    private static let files = Schema.result(
        [
            .required("written", .integer("Files written to cwd.")), .required("deleted", .integer("Files deleted there.")),
            .required("withheld", .integer("Files that did not leave the sandbox.")),
            .required(
                "told",
                .array(
                    "Why, for the first of them.",
                    of: Schema.result([.required("path", .string("In cwd.")), .required("reason", .string("One sentence."))]))),
            .required(
                "kept_beside",
                .array(
                    "Changed by somebody else meanwhile: the program's version has another name.",
                    of: Schema.result([.required("path", .string("In cwd.")), .required("copy", .string("The other name."))]))),
        ], "What became of files that the program changed.")

    private static let redacted = Schema.result([
        .required("name", .string("Secret.")), .required("form", .string("raw, base64, hex, ...")), .required("count", .integer("How often.")),
    ])

    private static let used = Schema.result([
        .required("name", .string("Secret.")), .optional("var", .string("Variable you named.")), .optional("as", .string("How, where you said so.")),
        .optional("version", .integer("Version you named.")),
    ])
}
