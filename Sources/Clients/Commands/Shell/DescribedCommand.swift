/// The commands as the argument parser describes them in JSON, of which this is what the manual takes.
struct DescribedTool: Decodable {
    var command: DescribedCommand
}

struct DescribedCommand: Decodable {
    var commandName: String
    var shouldDisplay: Bool
    var abstract: String?
    var discussion: String?
    var subcommands: [DescribedCommand]?
    var arguments: [DescribedArgument]?
}

struct DescribedArgument: Decodable {
    enum Kind: String, Decodable { case positional, option, flag }

    struct Name: Decodable {
        /// `long`, `short`, or one of several letters behind one dash.
        var kind: String
        var name: String
    }

    var kind: Kind
    var shouldDisplay: Bool
    var isOptional: Bool
    var isRepeating: Bool
    var parsingStrategy: String
    var names: [Name]?
    var valueName: String?
    var abstract: String?
}
