/// Refuses the commands by which an agent prints its environment without meaning to.
///
/// It is a guard against accidents, not a boundary: a program that wants to print a value can. The boundary is which program gets which value,
/// and what becomes of its output.
package enum AccidentGuard {
    /// The file that a command opened, as far as the guard judges it.
    package struct Subject: Sendable, Equatable {
        /// The last part of the opened file's path.
        package var baseName: String
        /// The system program that the file is the same as, under whatever name it lies.
        package var identity: String?

        package init(baseName: String, identity: String? = nil) {
            self.baseName = baseName
            self.identity = identity
        }
    }

    package enum Verdict: Sendable, Equatable {
        case allowed
        /// Refused because of this word.
        case refused(word: String)
    }

    /// Programs that print the environment.
    package static let deniedPrograms: Set<String> = ["env", "printenv"]
    /// Programs that are many programs; the first argument, or the name they are called by, says which.
    package static let multiCallPrograms: Set<String> = ["busybox", "toybox", "coreutils"]

    /// Judges a command before anything is opened: by its words alone.
    package static func verdict(forWords words: [String], directory: String = "/") -> Verdict {
        for word in words where namesEnvironmentFile(word, directory: directory) { return .refused(word: "/proc/*/environ") }
        guard let first = words.first.map(OpenedFile.baseName) else { return .allowed }
        return deniedPrograms.contains(first) || printingBuiltins.contains(first) ? .refused(word: first) : .allowed
    }

    /// Judges a command by the file it opened.
    package static func verdict(for words: [String], opened: Subject, directory: String = "/") -> Verdict {
        if case .refused(let word) = verdict(forWords: words, directory: directory) { return .refused(word: word) }
        let name = opened.identity ?? opened.baseName
        if deniedPrograms.contains(name) { return .refused(word: name) }
        if multiCallPrograms.contains(name) { return verdict(forApplet: applet(of: words), directory: directory) }
        if shells.contains(name) || shells.contains(opened.baseName) { return verdict(forShell: words) }
        if wrappers.contains(opened.baseName), let word = words.dropFirst().first(where: { deniedPrograms.contains(OpenedFile.baseName($0)) }) {
            return .refused(word: OpenedFile.baseName(word))
        }
        return .allowed
    }

    /// Every name that a command's program goes by: as called, of the file, of the system program it is the same as, and of the applet.
    static func names(of words: [String], opened: Subject) -> [String] {
        var names = [words.first.map(OpenedFile.baseName), opened.baseName, opened.identity].compactMap(\.self)
        if names.contains(where: multiCallPrograms.contains), let applet = applet(of: words).first { names.append(OpenedFile.baseName(applet)) }
        return names
    }

    /// The command that a many-in-one program executes.
    private static func applet(of words: [String]) -> [String] {
        guard let called = words.first.map(OpenedFile.baseName) else { return [] }
        guard multiCallPrograms.contains(where: called.hasPrefix) else { return [called] + words.dropFirst() }
        let rest = Array(words.dropFirst())
        guard let first = rest.first, first.hasPrefix("--coreutils-prog") else { return rest }
        return first.split(separator: "=").dropFirst().map(String.init) + rest.dropFirst()
    }

    private static func verdict(forApplet words: [String], directory: String) -> Verdict {
        guard let first = words.first, words.count < 64 else { return .allowed }
        return verdict(for: words, opened: Subject(baseName: OpenedFile.baseName(first)), directory: directory)
    }

    private static func namesEnvironmentFile(_ word: String, directory: String) -> Bool {
        let text = word.hasPrefix("/") || !directory.hasPrefix("/proc") ? word : "\(directory)/\(word)"
        // The path alone: a script may well list /proc/self/fd and read os.environ.
        return paths(in: text).contains { path in path.firstRange(of: "/proc/").map { path[$0.upperBound...].contains("environ") } ?? false }
    }

    /// The words of a script between blanks, quotes and signs. A `$(…)` with blanks in it is part of its word.
    private static func paths(in text: String) -> [Substring] {
        var (depth, last): (Int, Character) = (0, " ")
        return text.split { character in
            if character == "(", last == "$" || depth > 0 { depth += 1 }
            if character == ")", depth > 0 { depth -= 1 }
            last = character
            return depth == 0 && (character.isWhitespace || "\"'`;|&<>,".contains(character))
        }
    }

    static let shells: Set<String> = ["sh", "ash", "bash", "rbash", "dash", "zsh", "ksh", "mksh", "fish"]
    private static let wrappers: Set<String> = [
        "nice", "nohup", "timeout", "setsid", "stdbuf", "time", "ionice", "chrt", "taskset", "xargs", "watch", "sudo", "doas", "chroot", "unshare",
        "script",
        "strace", "ltrace", "setpriv", "runuser", "find", "parallel", "faketime", "prlimit", "systemd-run",
    ]
    static let printingBuiltins: Set<String> = ["set", "export", "declare", "typeset", "readonly", "compgen", "local", "setenv"]
}
