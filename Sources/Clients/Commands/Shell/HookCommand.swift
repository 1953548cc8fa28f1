import ArgumentParser

/// `tacit hook`
struct HookCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "hook",
        abstract: "Print what makes your shell follow the .tacit.yaml of the directory you are in.",
        discussion: """
            The shell then says where `tacit` looks when that changes, and keeps it in TACIT_SCOPE for your prompt. It sets no value and asks no keeper: \
            a shell that held your secrets would give them to every program that you start in it. `tacit run` does that for one program.

            Put eval "$(tacit hook bash)" into ~/.bashrc, eval "$(tacit hook zsh)" into ~/.zshrc, or `tacit hook fish | source` into \
            ~/.config/fish/config.fish.

            EXAMPLES
              tacit hook bash
            """)

    @Argument(help: "The shell.")
    var shell: InteractiveShell

    func perform(in context: CommandContext) throws { Console(context).say(shell.hook) }
}

/// `tacit __scope`: the place that the directory's file names, for the hook; what a person should know of the file is said beside it.
struct DirectoryScopeCommand: Verb {
    static let configuration = CommandConfiguration(commandName: "__scope", abstract: "The scope of this directory.", shouldDisplay: false)

    /// Says nothing.
    @Flag(name: .customLong("quiet"))
    var isQuiet = false
    /// The file was refused before, and that was said: only that it no longer is is news.
    @Flag(name: .customLong("refused"))
    var wasRefused = false

    func perform(in context: CommandContext) throws {
        let resolver = ScopeResolver(context: context)
        let console = Console(context)
        let found: ScopeResolver.Found
        let scope: Scope
        do {
            guard let file = try resolver.projectFile() else { throw ExitCode(ExitStatus.notFound.rawValue) }
            (found, scope) = (file, try resolver.scope(.none))
        } catch let failure as CommandFailure {
            // A prompt has the mark; the reason is said once, on the way in.
            console.say(resolver.mark(.none))
            return isQuiet || wasRefused ? () : console.complain(failure)
        }
        console.say(scope.text)
        guard !isQuiet else { return }
        let place = "\(scope.text), by \(found.path.printable)"
        let count = found.file.keys.count
        let uses = "which names \(count == 1 ? "one secret" : "\(count) secrets"): `tacit run -- COMMAND` injects \(count == 1 ? "it" : "them")"
        console.note(count == 0 ? place : "\(place), \(uses)")
    }
}

extension InteractiveShell {
    /// The hook's text: whenever the directory changed it looks upward for the file by itself, so that elsewhere no program is started.
    var hook: String {
        switch self {
        case .bash:
            """
            _tacit_follow() {
                local status=$?
                [[ $PWD == "${_tacit_directory-}" ]] && return $status
                _tacit_directory=$PWD
                local above=$PWD quiet=
                while [[ -n $above && ! -e $above/.tacit.yaml ]]; do above=${above%/*}; done
                if [[ ! -e $above/.tacit.yaml ]]; then
                    unset TACIT_SCOPE _tacit_file
                    return $status
                fi
                if [[ $above/.tacit.yaml == "${_tacit_file-}" ]]; then
                    quiet=--quiet
                    [[ ${TACIT_SCOPE-} == *[?] ]] && quiet=--refused
                fi
                _tacit_file=$above/.tacit.yaml
                if ! TACIT_SCOPE=$(command tacit __scope $quiet); then unset TACIT_SCOPE; else export TACIT_SCOPE; fi
                return $status
            }
            case ";${PROMPT_COMMAND[*]-};" in
            *_tacit_follow*) ;;
            *) PROMPT_COMMAND="_tacit_follow${PROMPT_COMMAND:+;$PROMPT_COMMAND}" ;;
            esac
            """
        case .zsh:
            """
            _tacit_follow() {
                [[ $PWD == "${_tacit_directory-}" ]] && return
                typeset -g _tacit_directory=$PWD
                local above=$PWD quiet=()
                while [[ -n $above && ! -e $above/.tacit.yaml ]]; do above=${above%/*}; done
                if [[ ! -e $above/.tacit.yaml ]]; then
                    unset TACIT_SCOPE _tacit_file
                    return
                fi
                if [[ $above/.tacit.yaml == "${_tacit_file-}" ]]; then
                    quiet=(--quiet)
                    [[ ${TACIT_SCOPE-} == *[?] ]] && quiet=(--refused)
                fi
                typeset -g _tacit_file=$above/.tacit.yaml
                if ! TACIT_SCOPE=$(command tacit __scope $quiet); then unset TACIT_SCOPE; else export TACIT_SCOPE; fi
            }
            autoload -Uz add-zsh-hook
            add-zsh-hook precmd _tacit_follow
            """
        case .fish:
            """
            function _tacit_follow --on-event fish_prompt
                test "$PWD" = "$_tacit_directory"; and return
                set -g _tacit_directory $PWD
                set -l above $PWD
                while test -n "$above" -a ! -e "$above/.tacit.yaml"
                    set above (string replace -r '/[^/]*$' '' -- $above)
                end
                if not test -e "$above/.tacit.yaml"
                    set -e TACIT_SCOPE
                    set -e _tacit_file
                    return
                end
                set -l quiet
                if test "$above/.tacit.yaml" = "$_tacit_file"
                    set quiet --quiet
                    string match -qr '[?]$' -- "$TACIT_SCOPE"; and set quiet --refused
                end
                set -g _tacit_file "$above/.tacit.yaml"
                if set -l scope (command tacit __scope $quiet)
                    set -gx TACIT_SCOPE $scope
                else
                    set -e TACIT_SCOPE
                end
            end
            """
        }
    }
}
