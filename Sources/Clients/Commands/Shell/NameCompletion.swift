import ArgumentParser
import TacitClient
import TacitWire

/// Names that a word on the command line may stand for, asked of the keeper when Tab is pressed.
///
/// It is silent wherever it knows nothing: no keeper is started, nobody is asked for a password, and who is not the person of an unlocked terminal is
/// told nothing, by the keeper's own judgement.
struct NameCompletion {
    private let context: CommandContext
    /// The words of the command line.
    private let words: [String]
    /// What of the word stands before the cursor.
    private let prefix: String

    /// More would be no help to anybody.
    private static let most = 1000

    init(_ context: CommandContext, words: [String], prefix: String) {
        (self.context, self.words, self.prefix) = (context, words, prefix)
    }

    var secrets: [String] {
        found { connection in
            let scope = try ScopeResolver(context: context).scope(project: option("-p", "--project"), environment: option("-e", "--env"))
            let search = prefix.isEmpty ? "" : "&search=\(WirePath.encoded(prefix))"
            let path = "\(WirePath.secrets(scope.project, scope.environment))?limit=\(Self.most)\(search)"
            return try items(of: SecretSummary.self, at: path, connection).map(\.name)
        }
    }

    var projects: [String] {
        found { connection in try items(of: NamedSummary.self, at: WirePath.projects, connection).map(\.name) }
    }

    var environments: [String] {
        found { connection in
            let project = try ScopeResolver(context: context).scope(project: option("-p", "--project"), environment: nil).project
            return try items(of: NamedSummary.self, at: WirePath.environments(project), connection).map(\.name)
        }
    }

    var agents: [String] {
        found { connection in try items(of: AgentSummary.self, at: WirePath.agents, connection).map(\.name) }
    }

    /// The names that begin as the word does. A name that a shell might take for more than a name is left to be typed.
    private func found(_ ask: (KeeperConnection) throws -> [String]) -> [String] {
        guard let connection = try? KeeperConnection(socketPath: context.paths.socket) else { return [] }
        connection.headers[WireHeader.source] = "cli"
        guard let status: VaultStatus = try? VaultDoor.decode(connection.send("GET", WirePath.status).body), status.actor.kind == .person else {
            return []
        }
        let names = (try? ask(connection)) ?? []
        return names.filter { $0.hasPrefix(prefix) && $0.utf8.allSatisfy(Self.isPlain) }.sorted()
    }

    private func items<Item: Codable & Sendable & Equatable>(of type: Item.Type, at path: String, _ connection: KeeperConnection) throws -> [Item] {
        try VaultDoor.decode(try connection.send("GET", path).body, as: Page<Item>.self).items
    }

    private static func isPlain(_ byte: UInt8) -> Bool { NameShape.isLetter(byte) || NameShape.isDigit(byte) || "._-/".utf8.contains(byte) }

    /// The value of an option among the words; nil when it is not there.
    private func option(_ short: String, _ long: String) -> String? {
        for (index, word) in words.enumerated().reversed() {
            if word == short || word == long, index + 1 < words.count { return words[index + 1] }
            if word.hasPrefix("\(long)=") { return String(word.dropFirst(long.count + 1)) }
        }
        return nil
    }
}

extension CompletionKind {
    /// A secret of the project and environment that the command line names.
    static var secret: CompletionKind { names(\.secrets) }
    static var project: CompletionKind { names(\.projects) }
    static var environment: CompletionKind { names(\.environments) }
    static var agent: CompletionKind { names(\.agents) }

    private static func names(_ list: @escaping @Sendable (NameCompletion) -> [String]) -> CompletionKind {
        .custom { words, _, prefix in list(NameCompletion(.current, words: words, prefix: prefix)) }
    }
}
