import ArgumentParser

/// `tacit __reference`: prints docs/CLI.md from the commands themselves.
struct ReferenceCommand: Verb {
    static let configuration = CommandConfiguration(commandName: "__reference", abstract: "The reference page of all commands.", shouldDisplay: false)

    /// How wide the help texts of the page are.
    static let columns = 100

    func perform(in context: CommandContext) throws { Console(context).say(Self.page) }

    static var page: String {
        var page = """
            # Command line

            This page is made by `tacit __reference` from the commands themselves; `tacit help COMMAND` shows the same in the terminal.

            """
        for group in TacitCommand.groups {
            page += "\n- \(group.name): " + group.subcommands.map { "[\($0._commandName)](#tacit-\($0._commandName))" }.joined(separator: " · ")
        }
        page += "\n"
        append(to: &page)
        return page.split(separator: "\n", omittingEmptySubsequences: false).map(trimmed).joined(separator: "\n")
    }

    /// The shown commands of the tree with their paths, the root first.
    static var commands: [(path: [String], type: any ParsableCommand.Type)] {
        func below(_ command: any ParsableCommand.Type, _ path: [String]) -> [(path: [String], type: any ParsableCommand.Type)] {
            [(path, command)]
                + command.configuration.subcommands.filter { $0.configuration.shouldDisplay }.flatMap { below($0, path + [$0._commandName]) }
        }
        return below(TacitCommand.self, ["tacit"])
    }

    static func help(for type: any ParsableCommand.Type) -> String {
        let text = TacitCommand.helpMessage(for: type, columns: columns)
        return text.split(separator: "\n", omittingEmptySubsequences: false).map(trimmed).joined(separator: "\n")
    }

    private static func append(to page: inout String) {
        for (path, type) in commands {
            page += "\n\(String(repeating: "#", count: min(path.count + 1, 4))) \(path.joined(separator: " "))\n\n```text\n\(help(for: type))\n```\n"
        }
        while page.hasSuffix("\n") { page.removeLast() }
    }

    private static func trimmed(_ line: Substring) -> String {
        var line = line
        while line.last == " " { line.removeLast() }
        return String(line)
    }
}
