extension AccidentGuard {
    /// Judges `sh -c SCRIPT` by the script's first command.
    static func verdict(forShell words: [String]) -> Verdict {
        guard let script = script(of: words) else { return .allowed }
        let separators: Set<Character> = [";", "&", "|", "\n", ")", "}", ">", "<"]
        let command = script.drop(while: { $0.isWhitespace }).prefix { !separators.contains($0) }
        var rest = command.split(whereSeparator: \.isWhitespace).map { String($0.filter { !#"'"\"#.contains($0) }) }[...]
        while let word = rest.first, word.contains("=") || prefixes.contains(word) || multiCallPrograms.contains(OpenedFile.baseName(word)) {
            rest.removeFirst()
        }
        // A shell in a shell, by a script that is shorter each time.
        if let inner = rest.first, shells.contains(OpenedFile.baseName(inner)) { return verdict(forShell: Array(rest)) }
        guard let first = rest.first.map(OpenedFile.baseName) else { return .allowed }
        if deniedPrograms.contains(first) { return .refused(word: first) }
        guard printingBuiltins.contains(first) else { return .allowed }
        // `set -e` and `export PATH=…` print nothing.
        let arguments = rest.dropFirst()
        let prints = first == "compgen" || arguments.allSatisfy { $0.hasPrefix("-") } && !(first == "set" && !arguments.isEmpty)
        let asksToPrint = first != "set" && arguments.contains { $0.hasPrefix("-") && $0.contains("p") }
        return prints || asksToPrint ? .refused(word: first) : .allowed
    }

    /// The script of a shell's `-c`; nil without one.
    private static func script(of words: [String]) -> String? {
        var isScript = false
        var rest = words.dropFirst()
        while let word = rest.popFirst() {
            if word == "--" { return isScript ? rest.first : nil }
            guard word.count > 1, word.hasPrefix("-") || word.hasPrefix("+") else { return isScript ? word : nil }
            guard !word.hasPrefix("--") else { continue }
            if word.hasPrefix("-") && word.contains("c") { isScript = true }
            if word.hasSuffix("o") || word.hasSuffix("O") { _ = rest.popFirst() }
        }
        return nil
    }

    private static let prefixes: Set<String> = ["exec", "command", "builtin", "nohup", "time", "eval", "{", "(", "!"]
}
