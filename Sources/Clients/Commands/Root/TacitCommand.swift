package import ArgumentParser
import Glibc

/// The command line of Tacit.
package struct TacitCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "tacit",
        abstract: "A secrets manager for people and their AI agents.",
        discussion: """
            Start with `tacit init`, then `tacit set NAME`. A secret is written NAME, NAME#FIELD or tacit://PROJECT/ENVIRONMENT/NAME#FIELD; project \
            and environment come from -p and -e, then TACIT_PROJECT and TACIT_ENVIRONMENT, then the nearest .tacit.yaml upward, else default/dev.

            EXIT CODES
            \(ExitStatus.allCases.map { "  \($0.rawValue)  \($0.meaning)" }.joined(separator: "\n"))
            A run ends with the child's own code; 124, 125, 126 and 127 are explained in `tacit help run`.

            `tacit --version` prints the version.

            ENVIRONMENT
              TACIT_VAULT         the vault's directory, by its absolute path
              TACIT_PROJECT       where commands look that name no project by -p
              TACIT_ENVIRONMENT   where commands look that name no environment by -e
              XDG_RUNTIME_DIR     where the keeper's socket lies
              NO_COLOR            no colours

            FILES
              ~/.local/share/tacit  the vault (XDG_DATA_HOME), or where TACIT_VAULT says
              ~/.local/state/tacit  what this machine remembers of it (XDG_STATE_HOME)
              .tacit.yaml           project, environment and secrets of a directory
            """,
        subcommands: hidden, groupedSubcommands: groups.filter { !$0.subcommands.isEmpty })

    package init() {}

    /// Runs one command line and returns the exit code.
    package static func run(arguments: [String]) -> Int32 { run(arguments, in: .current) }

    /// Runs one command line over a context of its own.
    package static func run(_ arguments: [String], in context: CommandContext) -> Int32 {
        defer { context.typing.end() }
        do {
            if arguments == ["--version"] {
                Console(context).say("tacit \(context.version)")
                try context.loss.check()
                return ExitStatus.done.rawValue
            }
            try context.checkPlaces()
            if let options = RunOptions(quick: arguments) {
                try options.perform(in: context)
                return ExitStatus.done.rawValue
            }
            if arguments.first == "help", let failure = UsageText.unknownTopic(Array(arguments.dropFirst())) { throw failure }
            var command = try parsed(arguments)
            if let verb = command as? any Verb {
                try verb.check()
                try verb.perform(in: context)
            } else {
                try command.run()
            }
            try context.loss.check()
            return ExitStatus.done.rawValue
        } catch {
            return Ending(error, arguments: arguments).report(in: context)
        }
    }

    /// The command of a command line. The parser goes through the tree of all commands before it reads a word; one that is told where to begin takes half
    /// the time. What it refuses there it is asked again from the root, so that what it says names the whole command.
    private static func parsed(_ arguments: [String]) throws -> any ParsableCommand {
        if let word = arguments.first, let branch = groups.lazy.flatMap(\.subcommands).first(where: { $0._commandName == word }),
            let command = try? branch.parseAsRoot(Array(arguments.dropFirst())) as? any Verb
        {
            return command
        }
        return try parseAsRoot(arguments)
    }
}
