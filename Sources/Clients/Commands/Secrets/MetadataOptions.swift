import ArgumentParser

/// What describes a secret. An empty text takes a part away.
struct MetadataOptions: ParsableArguments {
    @Option(name: .customLong("note"), help: ArgumentHelp("A note of any length.", valueName: "text"))
    var note: String?

    @Option(name: .customLong("url"), help: ArgumentHelp("Where it is used or made.", valueName: "url"))
    var url: String?

    @Option(name: .customLong("tag"), help: ArgumentHelp("A tag (may be repeated); replaces the tags it had.", valueName: "tag"))
    var tags: [String] = []

    @Option(name: .customLong("description"), help: ArgumentHelp("One line for lists.", valueName: "text"))
    var description: String?

    @Option(name: .customLong("expires"), help: ArgumentHelp("When it expires, such as 30d; never takes the expiry away.", valueName: "span"))
    var expires: String?

    /// The span as the API takes it.
    var expirySpan: String? { expires.map(Self.span) }

    static func span(_ text: String) -> String { text == "never" ? "" : text }
}
