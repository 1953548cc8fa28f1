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

    /// Refuses what the keeper would refuse: before a value is asked for, and typed in vain.
    func check() throws {
        if let expirySpan, !expirySpan.isEmpty { _ = try RunSpan.seconds(expirySpan, after: "--expires") }
        guard tags.allSatisfy({ NameShape.isSegment($0.utf8) }) else { throw ScopeResolver.badName("the tag given by `--tag`") }
        guard Set(tags).count <= 64 else { throw CommandFailure.usage("a secret has at most 64 tags") }
        for (text, option, most) in [(note, "--note", 16_384), (url, "--url", 2000), (description, "--description", 1000)] {
            guard (text ?? "").utf8.count <= most else { throw CommandFailure.usage("what follows `\(option)` is longer than \(most) bytes") }
        }
    }

    static func span(_ text: String) -> String { text == "never" ? "" : text }
}
