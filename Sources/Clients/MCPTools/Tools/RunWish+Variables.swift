import TacitWire

extension RunWish {
    /// What a model should know whose arguments name a variable.
    var notes: [String] {
        guard !literalVariables.isEmpty else { return [] }
        let isCurl = request.argv.first?.split(separator: "/").last == "curl"
        let remedy =
            isCurl
            ? #"; curl takes a header from standard input: "-H","@-" in argv, and the secret as=stdin with `before`; a user and password, "-K","-""#
            : ""
        return [
            "argv: no shell replaced \(literalVariables.joined(separator: ", ")): the program got these very characters, and reads the variable only if it does so by itself"
                + remedy
        ]
    }

    /// What a model should know of how the run ended.
    func notes(after exit: RunExit, timedOut: Bool) -> [String] {
        if timedOut {
            return ["it was stopped after \(timeoutSeconds) s: ask for up to 300 with timeout_seconds; some hosts give up on a call after 60"]
        }
        guard request.cwd == nil, exit.status != 0 else { return [] }
        return ["it ran in an empty private directory: if it needs files of the project, name the project's directory as cwd"]
    }

    /// The variables that the words after the program name as a shell would, each once; none where the program is a shell, which replaces them.
    static func literalVariables(_ argv: [String]) -> [String] {
        let shells = ["sh", "bash", "dash", "zsh", "ksh", "fish", "busybox"]
        guard !argv.prefix(3).contains(where: { shells.contains($0.split(separator: "/").last.map(String.init) ?? "") }) else { return [] }
        var found: [String] = []
        for word in argv.dropFirst() {
            for match in word.matches(of: #/\$(?:[A-Z][A-Z0-9_]*|\{[A-Z][A-Z0-9_]*\})/#) where !found.contains(String(match.0)) {
                found.append(String(match.0))
            }
        }
        return Array(found.prefix(5))
    }
}
