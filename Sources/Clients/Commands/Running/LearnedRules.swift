import Policies
import TacitWire

/// What a program wanted and no rule lists, as rules that a person edits: each host, method and path as it was, and nothing wider.
struct LearnedRules {
    private struct Destination: Hashable {
        var authority: String
        var method: String
        var secrets: [String]
        /// Whether it counts as a write, whatever its method says.
        private(set) var isWrite = false

        init(_ item: TrafficEntry) {
            (authority, method, secrets) = (item.authority, item.method, item.secrets.sorted())
            // What stood behind the path nobody kept: it is taken to ask for something.
            let question = RequestQuestion(host: host, port: port ?? 443, method: method, path: item.path)
            isWrite = question?.canWriteByAnyMethod(withToken: !secrets.isEmpty) == true
        }

        private var parts: [Substring] { authority.split(separator: ":", omittingEmptySubsequences: false) }
        /// Nil where it is the usual one.
        var port: Int? { parts.count == 2 ? parts.last.flatMap { Int($0) } : nil }
        var host: String { port == nil ? authority : String(parts[0]) }
        /// Those by which a rule lists it: one that lists reading alone does not list a write.
        var methods: [String] { isWrite && RequestMethod(rawValue: method)?.isReading == true ? [method, "POST"] : [method] }
        /// The same for what is posted there.
        var posting: Destination {
            var place = self
            place.method = "POST"
            return place
        }

        var order: String { "\(authority) \(secrets.count) \(method) \(secrets)" }
        /// Secrets of another environment than the run's are told by their references.
        private var references: [(environment: String?, name: String)] {
            secrets.map { secret in
                let plain = secret.prefix { $0 != "#" }
                guard plain.hasPrefix("tacit://") else { return (nil, String(plain)) }
                let words = plain.dropFirst("tacit://".count).split(separator: "/", maxSplits: 2)
                return words.count == 3 ? ("\(words[0])/\(words[1])", String(words[2])) : (nil, String(plain))
            }
        }
        var environment: String? { references.lazy.compactMap(\.environment).first }
        var names: [String] { references.map(\.name) }
    }

    private var wishes: [Destination: Set<String>] = [:]
    /// Paths that no rule can say: a pattern would mean more than they do.
    private var unspoken = 0

    /// - Parameter items: what came during the run; only what no rule lists is looked at.
    init(_ items: [TrafficEntry]) {
        // What was wanted over plain http, no rule lists.
        for item in items where item.decision == "deny" && item.result == "destination_not_allowed" && !item.authority.hasSuffix(":80") {
            guard !item.path.contains(where: { "*?[]{}\\…".contains($0) }) else {
                unspoken += 1
                continue
            }
            wishes[Destination(item), default: []].insert(item.path)
        }
        // A rule whose requests another one lists is none.
        for (place, paths) in wishes where place.methods.count > 1 { wishes[place.posting]?.subtract(paths) }
        wishes = wishes.filter { !$0.value.isEmpty }
    }

    var isEmpty: Bool { wishes.isEmpty }

    /// YAML to read, to narrow, and to add to the policy.
    func yaml(for agent: String, in scope: Scope) -> String {
        func list(_ words: some Collection<String>) -> String { "[\(words.map(PolicyFile.scalar).joined(separator: ", "))]" }
        var lines = [
            "# What \(agent.printable) wanted and no rule of the policy lists. Delete what it is not to have, then: tacit policy edit",
            "request_rules:",
        ]
        for (place, paths) in wishes.sorted(by: { $0.key.order < $1.key.order }) {
            if place.methods.count > 1 {
                lines.append("  # It can write there, whatever its method says: a rule that lists \(place.method) alone lets nothing go.")
            }
            lines += [
                "  - name: \(PolicyFile.scalar("\(agent): \(place.methods.joined(separator: " and ")) \(place.authority)" + (place.secrets.isEmpty ? "" : " with \(place.secrets.joined(separator: ", "))")))",
                "    agent_id: \(PolicyFile.scalar(agent))", "    environments: \(list([place.environment ?? scope.text]))",
            ]
            if !place.secrets.isEmpty { lines.append("    keys: \(list(place.names))") }
            lines.append("    hosts: \(list([place.host]))")
            if let port = place.port { lines.append("    ports: [\(port)]") }
            lines += ["    methods: \(list(place.methods))", "    paths: \(list(paths.sorted()))"]
        }
        if unspoken > 0 { lines.append("# \(unspoken) more had paths that a rule cannot say as they were: `tacit traffic` shows them.") }
        return lines.joined(separator: "\n") + "\n"
    }
}

/// Watches what a run's agent is refused, for `--learn`.
struct RequestLearner {
    private let path: String
    private let agent: String
    private let scope: Scope
    private let context: CommandContext

    init(writing path: String, for agent: String, in scope: Scope, _ context: CommandContext) {
        (self.path, self.agent, self.scope, self.context) = (path, agent, scope, context)
    }

    /// Where the traffic stood before the run, and the password that came by a descriptor: it cannot be read again.
    struct Start {
        fileprivate let number: Int64
        fileprivate let password: WipedBytes?
    }

    /// Looks at the traffic by way of the run's own connection.
    func start(_ door: VaultDoor) throws -> Start {
        let password = door.passwords.descriptor == nil ? nil : try door.currentPassword()
        return Start(number: try door.get(WirePath.traffic, as: Page<TrafficEntry>.self).items.last?.number ?? 0, password: password)
    }

    /// Writes the rules once the run has ended, and with it its connection.
    func finish(_ start: Start, _ options: GlobalOptions) throws {
        let door = try VaultDoor(context, options, to: "learn what the command wanted")
        if let password = start.password { door.remember(password) }
        let number = start.number
        let items = try door.get("\(WirePath.traffic)?after=\(number)", as: Page<TrafficEntry>.self).items
        let rules = LearnedRules(items.filter { $0.agent == agent })
        let console = Console(context)
        guard !rules.isEmpty else { return console.note("everything that \(agent) wanted is listed by a rule: nothing was written to \(path)") }
        let file = try OutputFile(path, or: context.output)
        try file.write(Array(rules.yaml(for: agent, in: scope).utf8))
        try file.finish()
        console.note(
            "what \(agent) wanted and no rule lists is in \(path): read it, then put what it is to have into the policy by `tacit policy edit`")
    }
}
