import ArgumentParser
import TacitWire

/// `tacit env`
struct EnvironmentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "env",
        abstract: "Create, list, compare, copy, rename and delete environments.",
        discussion: """
            EXAMPLES
              tacit env create production -p shop
              tacit env list -p shop
              tacit env diff dev production -p shop
            """,
        subcommands: [Create.self, List.self, Diff.self, Copy.self, Promote.self, History.self, Rename.self, Delete.self])

    struct Create: Verb {
        static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Create an environment in a project.",
            discussion: """
                EXAMPLES
                  tacit env create production -p shop
                  tacit env create staging
                """)

        @Argument(help: ArgumentHelp("Its name.", valueName: "name"))
        var name: String
        @OptionGroup var place: ProjectOption
        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            let name = try SegmentArgument.checked(name, "the environment")
            let project = try place.resolved(in: context)
            let door = try VaultDoor(context, options, to: "create the environment `\(name)`")
            try door.answer("POST", WirePath.environments(project), json: NameRequest(name: name))
            let console = Console(context)
            if options.json { return console.say(json: NameRequest(name: name)) }
            console.say("Created the environment \(project)/\(name).")
        }
    }

    struct List: Verb {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the environments of a project.",
            discussion: """
                EXAMPLES
                  tacit env list
                  tacit env list -p shop --json
                """)

        @OptionGroup var place: ProjectOption
        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            let project = try place.resolved(in: context)
            let door = try VaultDoor(context, options, to: "list the environments of `\(project)`")
            NamedList.print(try door.get(WirePath.environments(project)), as: options, in: context)
        }
    }

    struct Rename: Verb {
        static let configuration = CommandConfiguration(
            commandName: "rename", abstract: "Rename an environment.",
            discussion: """
                References and policies that name it must be changed too.

                EXAMPLES
                  tacit env rename prod production -p shop
                """)

        @Argument(help: ArgumentHelp("The environment.", valueName: "name"), completion: .environment)
        var name: String
        @Argument(help: ArgumentHelp("Its new name.", valueName: "new-name"))
        var newName: String
        @OptionGroup var place: ProjectOption
        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            let name = try SegmentArgument.checked(name, "the environment")
            let newName = try SegmentArgument.checked(newName, "the new name")
            let project = try place.resolved(in: context)
            let door = try VaultDoor(context, options, to: "rename the environment `\(name)`")
            try door.answer("PATCH", WirePath.environment(project, name), json: NameRequest(name: newName))
            let console = Console(context)
            if options.json { return console.say(json: NameRequest(name: newName)) }
            console.say("The environment \(project)/\(name) is \(project)/\(newName) now.")
            console.note("policies and .tacit.yaml files that name it must be changed too")
        }
    }

    struct Delete: Verb {
        static let configuration = CommandConfiguration(
            commandName: "delete", abstract: "Delete an environment in which nothing is left.",
            discussion: """
                EXAMPLES
                  tacit env delete staging -p shop
                """)

        @Argument(help: ArgumentHelp("The environment.", valueName: "name"), completion: .environment)
        var name: String
        @OptionGroup var place: ProjectOption
        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            let name = try SegmentArgument.checked(name, "the environment")
            let project = try place.resolved(in: context)
            let door = try VaultDoor(context, options, to: "delete the environment `\(name)`")
            _ = try door.answer("DELETE", WirePath.environment(project, name))
            let console = Console(context)
            if options.json { return console.say(json: NameRequest(name: name)) }
            console.say("Deleted the environment \(project)/\(name).")
        }
    }
}

/// The project of an environment.
struct ProjectOption: ParsableArguments {
    @Option(name: [.customShort("p"), .customLong("project")], help: ArgumentHelp("The project.", valueName: "name"), completion: .project)
    var project: String?

    func resolved(in context: CommandContext) throws -> String {
        try ScopeResolver(context: context).scope(project: project, environment: nil).project
    }
}
