import ArgumentParser
import Policies

/// The argument parser's complaints, freed of what was typed: an argument in the wrong place may be a value.
enum UsageText {
    static func failure(for error: any Error, arguments: [String]) -> CommandFailure {
        let help = helpCommand(in: TacitCommand.fullMessage(for: error))
        let message = TacitCommand.message(for: error)
        if isSurplus(message), let group = group(named: help) { return unknownCommand(in: group, help: help, arguments) }
        let (text, spelling) = safe(message)
        let suggestion = meant(help, message, arguments) ?? spelling
        return .usage(text, hint: [suggestion.map { "did you mean `\($0)`?" }, help.map { "see `\($0)`" }].compactMap(\.self).joined(separator: " "))
    }

    /// A message in our words, and what it suggests. What stands in quotes is kept only where it is an option or a placeholder.
    static func safe(_ message: String) -> (text: String, suggestion: String?) {
        if isSurplus(message) { return ("there are more arguments than this command takes", nil) }
        let choices = choices(in: message)
        let message = message.split(separator: Self.choosing, maxSplits: 1).first.map(String.init) ?? message
        var text = ""
        for (index, piece) in message.split(separator: "'", omittingEmptySubsequences: false).enumerated() {
            if index.isMultiple(of: 2) {
                text += piece
            } else {
                text += isHarmless(piece) ? "`\(piece)`" : "…"
            }
        }
        text = text.replacing("The value … is invalid for", with: "the value is not one for")
        if let end = text.firstIndex(of: "\n") { text = String(text[..<end]) }
        var suggestion: String?
        if let match = text.firstMatch(of: /\. Did you mean `([^`]+)`\?$/) {
            suggestion = String(match.1)
            text.removeSubrange(match.range)
        }
        while text.last == "." { text.removeLast() }
        if !choices.isEmpty { text += ": \(choices.joined(separator: ", "))" }
        return (text.prefix(1).lowercased() + text.dropFirst(), suggestion)
    }

    private static let choosing = " Please provide one of "

    /// The values that an option takes. They are the parser's, behind what was typed, and words as ours are.
    private static func choices(in message: String) -> [String] {
        guard let start = message.ranges(of: Self.choosing).last?.upperBound else { return [] }
        let rest = message[start...]
        let isList = rest.hasPrefix("the following:")
        let words = isList ? rest.split(separator: "\n").dropFirst().map { $0.drop { " -".contains($0) } } : rest.split(separator: "'")
        return words.filter { $0.wholeMatch(of: /[a-z0-9][a-z0-9-]{0,20}/) != nil }.map(String.init).filter { $0 != "or" }
    }

    static func isSurplus(_ message: String) -> Bool {
        message.hasPrefix("Unexpected argument") || message.contains(" unexpected arguments: ")
    }

    /// `--name`, `-n`, `<name>` or `--name <name>`.
    private static func isHarmless(_ piece: Substring) -> Bool {
        piece.wholeMatch(of: /(--[a-z][a-z-]{1,30}|-[a-zA-Z])?( ?<[a-z= -]{1,30}>)?( \.\.\.)?/) != nil
    }

    /// The help command that the parser points to, such as `tacit get --help`.
    private static func helpCommand(in message: String) -> String? {
        message.firstMatch(of: /See '([a-z_ -]+)' for more information/).map { String($0.1) }
    }

    /// The command whose help that is, when it does nothing but hold others.
    private static func group(named help: String?) -> (any ParsableCommand.Type)? {
        guard let words = help?.split(separator: " ").dropFirst().dropLast() else { return nil }
        var command: any ParsableCommand.Type = TacitCommand.self
        for word in words {
            guard let next = command.configuration.subcommands.first(where: { $0._commandName == word }) else { return nil }
            command = next
        }
        return command.configuration.subcommands.isEmpty ? nil : command
    }

    /// What `tacit help` is asked for and is no command; nil where it is one.
    static func unknownTopic(_ words: [String]) -> CommandFailure? {
        var (group, path): (any ParsableCommand.Type, [String]) = (TacitCommand.self, ["tacit"])
        for word in words where !word.hasPrefix("-") && word != "help" && !group.configuration.subcommands.isEmpty {
            guard let next = group.configuration.subcommands.first(where: { $0._commandName == word }) else {
                return unknownCommand(in: group, help: (path + ["--help"]).joined(separator: " "), words)
            }
            (group, path) = (next, path + [word])
        }
        return nil
    }

    private static func unknownCommand(in group: any ParsableCommand.Type, help: String?, _ arguments: [String]) -> CommandFailure {
        let names = group.configuration.subcommands.filter { $0.configuration.shouldDisplay }.map { $0._commandName }
        let depth = (help?.split(separator: " ").count ?? 2) - 2
        let typed = arguments.filter { !$0.hasPrefix("-") }.dropFirst(depth).first
        let path = (help ?? "").split(separator: " ").dropLast().joined(separator: " ")
        let nearest = typed.flatMap { suggestion(for: $0, among: names) }.map { "did you mean `\(path) \($0)`?" }
        return .usage("there is no such command", hint: [nearest, help.map { "see `\($0)`" }].compactMap(\.self).joined(separator: " "))
    }
}
