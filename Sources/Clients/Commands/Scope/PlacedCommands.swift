import TacitWire

/// Completes the commands that a sentence names by the place that it is about: run as they stand, they would look elsewhere.
struct PlacedCommands {
    let place: Scope
    /// Where a command looks that names no place; nil where nobody knows.
    let usual: Scope?

    init(at place: Scope, in context: CommandContext) {
        self.place = place
        usual = try? ScopeResolver(context: context).scope(project: nil, environment: nil)
    }

    /// Commands that look in an environment; those of `tacit env` look in a project.
    private static let ofEnvironments: Set<Substring> = [
        "list", "show", "get", "set", "generate", "history", "diff", "tag", "rename", "renew", "rollback", "delete", "undelete", "purge", "restore",
        "import", "export", "run",
    ]

    /// The sentence, with the place in each command between backquotes that depends on one and says none.
    func completed(_ sentence: String) -> String {
        let pieces = sentence.split(separator: "`", omittingEmptySubsequences: false)
        guard pieces.count % 2 == 1 else { return sentence }
        return pieces.enumerated().map { $0.isMultiple(of: 2) ? String($1) : command($1) }.joined(separator: "`")
    }

    private func command(_ text: Substring) -> String {
        let words = text.split(separator: " ")
        let saysPlace = words.contains { ["-p", "--project", "-e", "--env", "--"].contains($0) || $0.contains("tacit://") }
        guard words.first == "tacit", words.count > 1, !saysPlace else { return String(text) }
        let isOfEnvironment = Self.ofEnvironments.contains(words[1])
        guard isOfEnvironment || words[1] == "env" else { return String(text) }
        return text + (usual?.project == place.project ? "" : " -p \(place.project)")
            + (!isOfEnvironment || usual?.environment == place.environment ? "" : " -e \(place.environment)")
    }
}

extension CommandFailure {
    /// The same, with a hint whose commands look at this place.
    func leading(to place: Scope, in context: CommandContext) -> CommandFailure {
        guard let hint else { return self }
        var failure = self
        failure.hint = PlacedCommands(at: place, in: context).completed(hint)
        if failure.problem?.hint != nil { failure.problem?.hint = failure.hint }
        return failure
    }
}
