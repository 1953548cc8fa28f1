extension UsageText {
    /// What stands for words that a command does not take, where it has another way to say them. Nothing that was typed is in it but the name of a day.
    static func meant(_ help: String?, _ message: String, _ arguments: [String]) -> String? {
        guard help == "tacit audit list --help" else { return nil }
        if isSurplus(message) { return arguments.lazy.compactMap(PastMoment.nameOfDay).first.map { "--on \($0)" } }
        let places = ["-p", "-e", "--project", "--env"]
        return places.contains { message.contains("'\($0)'") } ? "--secret PROJECT/ENVIRONMENT/NAME" : nil
    }
}
