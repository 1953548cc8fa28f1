/// Lines for a POSIX shell to evaluate: `export NAME='value'`.
///
/// In single quotes a shell leaves every byte as it is; a quote of the value's ends them, stands escaped, and begins them again.
enum ShellLines {
    /// What the shell itself lives by, or sets and guards: a value there breaks the shell that evaluates the lines, or has it run something.
    private static let taken: Set<String> = [
        "PATH", "IFS", "ENV", "HOME", "PWD", "OLDPWD", "CDPATH", "SHELL", "SHELLOPTS", "BASHOPTS", "UID", "EUID", "PPID", "GROUPS", "FUNCNAME",
        "OPTIND",
        "PS0", "PS1", "PS2", "PS3", "PS4", "PROMPT_COMMAND", "FPATH", "ZDOTDIR", "RANDOM", "SECONDS", "LINENO", "HISTCMD", "DIRSTACK",
    ]

    /// Prints variables; the caller wipes the result.
    static func print(_ items: [DotEnv.Item]) throws(FormatError) -> [UInt8] {
        for item in items {
            guard NameShape.isVariable(item.name.utf8) else { throw error("name", "\(item.name.printable) cannot be the name of a variable") }
            guard !taken.contains(item.name), !["LD_", "BASH_"].contains(where: item.name.hasPrefix) else {
                throw error("taken", "\(item.name) is a variable that the shell itself, or every program's start, uses")
            }
            guard !item.value.contains(0) else { throw error("nul", "the value of \(item.name) has a NUL byte, which no variable can hold") }
        }
        var text: [UInt8] = []
        // An upper bound, so that the buffer never moves.
        text.reserveCapacity(items.reduce(0) { $0 + $1.name.utf8.count + 4 * $1.value.count + 11 })
        for item in items {
            text.append(contentsOf: "export \(item.name)='".utf8)
            for byte in item.value {
                if byte == UInt8(ascii: "'") { text.append(contentsOf: "'\\'".utf8) }
                text.append(byte)
            }
            text.append(contentsOf: "'\n".utf8)
        }
        return text
    }

    private static func error(_ code: String, _ message: String) -> FormatError { FormatError("shell.\(code)", message, at: nil) }
}
