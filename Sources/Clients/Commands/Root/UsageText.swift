import ArgumentParser

/// The argument parser's complaints, freed of what was typed: an argument in the wrong place may be a value.
enum UsageText {
    static func failure(for error: any Error) -> CommandFailure {
        let message = safe(TacitCommand.message(for: error))
        return .usage(message, hint: helpHint(in: TacitCommand.fullMessage(for: error)))
    }

    /// A message in our words. What stands in quotes is kept only where it is an option or a placeholder.
    static func safe(_ message: String) -> String {
        if message.hasPrefix("Unexpected argument") || message.contains(" unexpected arguments: ") {
            return "there are more arguments than this command takes"
        }
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
        while text.last == "." { text.removeLast() }
        return text.prefix(1).lowercased() + text.dropFirst()
    }

    /// `--name`, `-n`, `<name>` or `--name <name>`.
    private static func isHarmless(_ piece: Substring) -> Bool {
        piece.wholeMatch(of: /(--[a-z][a-z-]{1,30}|-[a-zA-Z])?( ?<[a-z -]{1,30}>)?( \.\.\.)?/) != nil
    }

    /// Points to the help that the parser names.
    private static func helpHint(in message: String) -> String? {
        guard let match = message.firstMatch(of: /See '([a-z_ -]+)' for more information/) else { return nil }
        return "see `\(match.1)`"
    }
}
