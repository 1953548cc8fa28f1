extension UsageText {
    /// What stands for words that a command does not take, where it has another way to say them. Nothing that was typed is in it but the name of a day.
    static func meant(_ help: String?, _ message: String, _ arguments: [String]) -> String? {
        switch help {
        case "tacit --help":
            // Options of a command, in front of it.
            let isOption = ["-p", "-e", "--project", "--env", "--json", "--password-fd"].contains { message.contains("Unknown option '\($0)'") }
            return isOption ? "tacit COMMAND -p PROJECT -e ENVIRONMENT" : nil
        case "tacit list --help": return isSurplus(message) ? "tacit list -p PROJECT -e ENVIRONMENT" : nil
        case "tacit inject --help": return isSurplus(message) ? "tacit inject -i FILE" : nil
        case "tacit audit list --help": return ofAudit(message, arguments)
        default: return nil
        }
    }

    private static func ofAudit(_ message: String, _ arguments: [String]) -> String? {
        if isSurplus(message) { return arguments.lazy.compactMap(PastMoment.nameOfDay).first.map { "--on \($0)" } }
        let places = ["-p", "-e", "--project", "--env"]
        return places.contains { message.contains("'\($0)'") } ? "--secret PROJECT/ENVIRONMENT/NAME" : nil
    }
}
