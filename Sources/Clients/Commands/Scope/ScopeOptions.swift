import ArgumentParser

/// Where a command looks.
struct ScopeOptions: ParsableArguments {
    @Option(name: [.customShort("p"), .customLong("project")], help: ArgumentHelp("The project.", valueName: "name"), completion: .project)
    var project: String?

    @Option(name: [.customShort("e"), .customLong("env")], help: ArgumentHelp("The environment.", valueName: "name"), completion: .environment)
    var environment: String?
}

extension ScopeOptions {
    /// Options that say nothing.
    static var none: ScopeOptions {
        var options = ScopeOptions()
        (options.project, options.environment) = (nil, nil)
        return options
    }
}
