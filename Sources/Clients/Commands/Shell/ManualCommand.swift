import ArgumentParser
import FoundationEssentials

/// `tacit __manual`: prints the names of the manual's pages, or one of them, made from the commands themselves.
struct ManualCommand: Verb {
    static let configuration = CommandConfiguration(commandName: "__manual", abstract: "The pages of the manual.", shouldDisplay: false)

    @Argument var page: String?

    func perform(in context: CommandContext) throws {
        let console = Console(context)
        let pages = try Self.pages(version: context.version)
        guard let page else { return console.say(pages.map(\.name).joined(separator: "\n")) }
        guard let found = pages.first(where: { $0.name == page }) else { throw CommandFailure.usage("there is no such page") }
        console.say(found.text)
    }

    /// All pages: one of the program, and one of each command that is shown.
    static func pages(version: String) throws -> [ManualPage] {
        let tool = try JSONDecoder().decode(DescribedTool.self, from: Data(TacitCommand._dumpHelp().utf8))
        func below(_ command: DescribedCommand, _ above: [String]) -> [ManualPage] {
            let path = above + [command.commandName]
            let shown = ManualPage.shown(command)
            return [ManualPage(command, path, version: version)] + shown.flatMap { below($0, path) }
        }
        return below(tool.command, [])
    }
}
