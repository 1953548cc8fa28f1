import ArgumentParser
import TacitWire

/// What is brought from one environment into another, and whether the person agrees.
struct CopyOptions: ParsableArguments {
    @Option(
        name: [.customShort("k"), .customLong("key")], help: ArgumentHelp("Only this secret (may be repeated).", valueName: "name"),
        completion: .secret)
    var names: [String] = []

    @Flag(name: .customLong("dry-run"), help: "Show the plan, and write nothing.")
    var isDryRun = false

    @Flag(name: .customLong("yes"), help: "Do it without asking.")
    var isAgreed = false

    var checkedNames: [String]? {
        get throws {
            if let fault = names.lazy.compactMap({ NameShape.fault(inSecret: $0) }).first {
                throw CommandFailure.usage("a `-k` is no name of a secret: \(fault)", hint: "write the name alone")
            }
            return names.isEmpty ? nil : names
        }
    }
}

extension EnvironmentCommand {
    /// `tacit env copy`
    struct Copy: Verb {
        static let configuration = CommandConfiguration(
            commandName: "copy", abstract: "Bring the secrets that another environment lacks into it.",
            discussion: """
                The plan is shown, masked, and what was shown is what is done: if anything changed meanwhile, nothing is written. What is there with \
                another value stays; `tacit env promote` writes over it. A secret comes with its fields, bindings, tags and expiry.

                EXAMPLES
                  tacit env copy dev staging -p shop --dry-run
                  tacit env copy dev staging -k db/main -k stripe/api-key
                  tacit env copy dev staging --yes
                """)

        @OptionGroup var copy: CopyArguments

        func perform(in context: CommandContext) throws { try copy.perform(overwrites: false, in: context) }
    }

    /// `tacit env promote`
    struct Promote: Verb {
        static let configuration = CommandConfiguration(
            commandName: "promote", abstract: "Bring the secrets of one environment into another, over what is there.",
            discussion: """
                What is there with another value gets a new version; the one before stays in its history. Otherwise like `tacit env copy`.

                EXAMPLES
                  tacit env promote staging production -p shop
                  tacit env promote staging production -k stripe/api-key --yes
                """)

        @OptionGroup var copy: CopyArguments

        func perform(in context: CommandContext) throws { try copy.perform(overwrites: true, in: context) }
    }
}

/// What `copy` and `promote` take.
struct CopyArguments: ParsableArguments {
    @Argument(help: ArgumentHelp("The environment with the secrets.", valueName: "from"), completion: .environment)
    var source: String
    @Argument(help: ArgumentHelp("The one that gets them.", valueName: "to"), completion: .environment)
    var target: String
    @OptionGroup var choice: CopyOptions
    @OptionGroup var place: ProjectOption
    @OptionGroup var options: GlobalOptions

    func perform(overwrites: Bool, in context: CommandContext) throws {
        let names = try [source, target].map { try SegmentArgument.checked($0, "the environment") }
        guard source != target else { throw CommandFailure.usage("an environment is not copied to itself", hint: "name another") }
        let project = try place.resolved(in: context)
        let places = names.map { Scope(project: project, environment: $0) }
        let request = CopyRequest(from: places[0].text, to: places[1].text, names: try choice.checkedNames)
        let door = try VaultDoor(context, options, to: "write secrets of `\(names[0])` to `\(names[1])`")
        let copy = PlannedCopy(
            from: places[0], to: places[1], request: request, overwrites: overwrites, isDryRun: choice.isDryRun, isAgreed: choice.isAgreed)
        try copy.perform(door, options, in: context)
    }
}
