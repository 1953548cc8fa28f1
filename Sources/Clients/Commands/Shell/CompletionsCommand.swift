import ArgumentParser

/// `tacit completions`
struct CompletionsCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "completions",
        abstract: "Print what makes Tab complete commands, options and names in your shell.",
        discussion: """
            Names of secrets, projects, environments and agents are completed in a terminal that is unlocked, for its person alone: nobody is asked for \
            a password, and a keeper that does not run is not started.

            EXAMPLES
              tacit completions bash > ~/.local/share/bash-completion/completions/tacit
              tacit completions zsh > ~/.local/share/zsh/site-functions/_tacit
              tacit completions fish > ~/.config/fish/completions/tacit.fish
            """)

    @Argument(help: "The shell.")
    var shell: InteractiveShell

    func perform(in context: CommandContext) throws {
        let script = TacitCommand.completionScript(for: shell.completing)
        Console(context).say(shell == .bash ? Self.forNames(script) : script)
    }

    /// The script for bash takes every word for a file's: a project of a directory's name would get a slash behind it. Names that the vault has are no files.
    private static func forNames(_ script: String) -> String {
        let names = "__tacit_add_completions -W \"$(__tacit_custom_complete "
        return script.replacing(names, with: "compopt +o filenames 2>/dev/null; \(names)")
    }
}

/// A shell in which people type commands.
enum InteractiveShell: String, CaseIterable, ExpressibleByArgument {
    case bash, zsh, fish

    /// The shell as the argument parser calls it.
    var completing: CompletionShell {
        switch self {
        case .bash: .bash
        case .zsh: .zsh
        case .fish: .fish
        }
    }
}
