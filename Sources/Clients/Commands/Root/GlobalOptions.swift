import ArgumentParser

/// The options that every command has.
struct GlobalOptions: ParsableArguments {
    @Flag(name: .long, help: "Print the answer as JSON.")
    var json = false

    @Option(
        name: .customLong("password-fd"),
        help: ArgumentHelp("Read the password from this descriptor, up to a line's end, instead of asking for it.", valueName: "n"))
    var passwordDescriptor: Int32?
}
