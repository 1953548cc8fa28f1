import Model
package import TacitWire

/// Why Tacit does not run a command.
package enum RunRefusal: Diagnosable, Equatable {
    case emptyCommand
    case notFound(String)
    case notExecutable(String, Errno)
    case badShebang(String)
    case tooManyScripts(String)
    case accidentGuard(word: String)
    case noDirectory(String, Errno)
    case notShown(String, Errno)
    case noPrivateDirectory(Errno)
    case noTerminal(Errno)
    case noFile(Errno)
    case injection(InjectionError)
    case tooLarge
    case noSandbox(String, String?)
    case noSandboxThere(String, String)
    case notCopied(String, String, String)
    case cannotStart(String, Errno)
    case notConfined(Errno)

    package var code: String {
        switch self {
        case .emptyCommand: "run.empty-command"
        case .notFound: "run.program-not-found"
        case .notExecutable, .badShebang, .tooManyScripts, .cannotStart: "run.program-not-executable"
        case .accidentGuard: "run.accident-guard"
        case .noDirectory: "run.no-directory"
        case .notShown: "run.directory-not-shown"
        case .noPrivateDirectory, .noTerminal, .noFile: "run.no-resources"
        case .injection(let error): error.code
        case .tooLarge: "run.too-large"
        case .noSandbox, .notConfined: "run.no-sandbox"
        case .noSandboxThere: "run.no-sandbox-there"
        case .notCopied: "run.directory-not-copied"
        }
    }

    package var message: String {
        switch self {
        case .emptyCommand: "there is no command to run"
        case .notFound(let name): "there is no program `\(name)`"
        case .notExecutable(let name, let error), .cannotStart(let name, let error): "`\(name)` cannot be executed: \(error.text)"
        case .badShebang(let path): "the first line of `\(path)` names no interpreter"
        case .tooManyScripts(let path): "`\(path)` is a script run by a script run by a script, too many times"
        case .accidentGuard(let word): "accident guard: `\(word)` would print the environment, values included"
        case .noDirectory(let path, let error): "the working directory `\(path)` cannot be entered: \(error.text)"
        case .notShown(let path, let error): "the working directory `\(path)` cannot be shown to the user of your runs: \(error.text)"
        case .noPrivateDirectory(let error): "no private temporary directory could be made: \(error.text)"
        case .noTerminal(let error): "no terminal could be made: \(error.text)"
        case .noFile(let error): "no private file for a value could be made: \(error.text)"
        case .injection(let error): error.message
        case .tooLarge: "the arguments and variables are larger than the system takes"
        case .noSandbox(let reason, _): "there is no sandbox: \(reason)"
        case .notConfined(let error): "the process beside the program could not be confined: \(error.text)"
        case .noSandboxThere(let path, let reason): "`\(path)` is not given to a sandbox: \(reason)"
        case .notCopied(let path, let reason, _):
            "the working directory `\(path)` was not copied, without which its file system lets no run work there: " + reason
        }
    }

    package var hint: String? {
        switch self {
        case .notFound(let name) where !name.contains("/"): "give its full path, if it lies outside the search path"
        case .badShebang: "a script starts with `#!` and the path of its interpreter"
        case .accidentGuard: "run the program that needs the secret, without looking at its value (this guard stops accidents; it is no boundary)"
        case .injection(let error): error.hint
        case .tooLarge: "pass the large value with `--stdin KEY`"
        case .noSandbox(_, let remedy): remedy
        case .notCopied(_, _, let remedy): remedy
        case .notShown: "work on a file system that can be idmapped, such as ext4, XFS, Btrfs or tmpfs"
        case .notConfined: "this machine forbids filters of system calls (seccomp); `tacit doctor` says what is missing"
        case .noSandboxThere: "work in a directory of the project's own, and name only what the program needs"
        default: nil
        }
    }

    /// The exit status of a command that stands for the run.
    package var status: Int32 {
        switch self {
        case .notFound: 127
        case .notExecutable, .badShebang, .tooManyScripts, .cannotStart: 126
        default: 125
        }
    }

    /// The refusal as the API tells it.
    package var failure: RunFailure { RunFailure(status: status, code: code, message: message, hint: hint) }
}
