import ArgumentParser
import TacitWire

/// `tacit project`
struct ProjectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "project",
        abstract: "Create, list, rename and delete projects.",
        discussion: """
            EXAMPLES
              tacit project create shop
              tacit project list
            """,
        subcommands: [Create.self, List.self, Rename.self, Delete.self])

    struct Create: Verb {
        static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Create a project.",
            discussion: """
                EXAMPLES
                  tacit project create shop
                  tacit env list -p shop
                """)

        @Argument(help: ArgumentHelp("Its name.", valueName: "name"))
        var name: String
        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            let name = try SegmentArgument.checked(name, "the project")
            let door = try VaultDoor(context, options, to: "create the project `\(name)`")
            try door.answer("POST", WirePath.projects, json: NameRequest(name: name))
            let console = Console(context)
            if options.json { return console.say(json: NameRequest(name: name)) }
            console.say("Created the project \(name). Next: `tacit set NAME -p \(name)`.")
        }
    }

    struct List: Verb {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the projects.",
            discussion: """
                EXAMPLES
                  tacit project list
                  tacit project list --json
                """)

        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            let door = try VaultDoor(context, options, to: "list the projects")
            NamedList.print(try door.get(WirePath.projects), as: options, in: context)
        }
    }

    struct Rename: Verb {
        static let configuration = CommandConfiguration(
            commandName: "rename", abstract: "Rename a project.",
            discussion: """
                References and policies that name it must be changed too.

                EXAMPLES
                  tacit project rename shop store
                """)

        @Argument(help: ArgumentHelp("The project.", valueName: "name"), completion: .project)
        var name: String
        @Argument(help: ArgumentHelp("Its new name.", valueName: "new-name"))
        var newName: String
        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            let name = try SegmentArgument.checked(name, "the project")
            let newName = try SegmentArgument.checked(newName, "the new name")
            let door = try VaultDoor(context, options, to: "rename the project `\(name)`")
            try door.answer("PATCH", WirePath.project(name), json: NameRequest(name: newName))
            let console = Console(context)
            if options.json { return console.say(json: NameRequest(name: newName)) }
            console.say("The project \(name) is \(newName) now.")
            console.note("policies and .tacit.yaml files that name it must be changed too")
        }
    }

    struct Delete: Verb {
        static let configuration = CommandConfiguration(
            commandName: "delete", abstract: "Delete a project in which nothing is left.",
            discussion: """
                EXAMPLES
                  tacit project delete shop
                """)

        @Argument(help: ArgumentHelp("The project.", valueName: "name"), completion: .project)
        var name: String
        @OptionGroup var options: GlobalOptions

        func perform(in context: CommandContext) throws {
            let name = try SegmentArgument.checked(name, "the project")
            let door = try VaultDoor(context, options, to: "delete the project `\(name)`")
            _ = try door.answer("DELETE", WirePath.project(name))
            let console = Console(context)
            if options.json { return console.say(json: NameRequest(name: name)) }
            console.say("Deleted the project \(name).")
        }
    }
}
