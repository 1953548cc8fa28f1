/// Paths at which one request can do anything, whatever its method says: GraphQL, batches, calls of procedures.
enum WritingPaths {
    /// Of hosts whose documentation says where they are (November 2026): here the list decides alone.
    private static let known = Dictionary(
        uniqueKeysWithValues: [
            ("api.openai.com", ["/v1/batches/**"]), ("api.anthropic.com", ["/v1/messages/batches/**"]), ("api.mistral.ai", ["/v1/batch/**"]),
            ("api.github.com", ["/graphql"]), ("gitlab.com", ["/api/graphql"]), ("api.linear.app", ["/graphql"]),
            ("api.atlassian.com", ["/**/graphql"]), ("slack.com", ["/api/**"]), ("www.slack.com", ["/api/**"]), ("files.slack.com", ["/api/**"]),
            ("api.cloudflare.com", ["/client/v4/graphql"]), ("api.newrelic.com", ["/graphql"]), ("api.eu.newrelic.com", ["/graphql"]),
        ].map { ($0.0, $0.1.flatMap(LenientPath.globs)) })

    /// What the last segment of such a path is called, wherever it is.
    private static let forms: Set<String> = [
        "graphql", "gql", "batch", "$batch", "_batch", "_bulk", "jsonrpc", "json-rpc", "rpc", "xmlrpc", "xmlrpc.php",
    ]

    /// Whether a request there is a write, whatever its method says.
    ///
    /// - Parameter isBare: whether it says nothing but its path: where only the path's last word tells, it asks for nothing then. A package may be called so.
    static func has(_ path: String, at host: String, bare isBare: Bool) -> Bool {
        if let globs = known[host] { return LenientPath.readings(of: path).contains(where: globs.matches) }
        return !isBare && LenientPath.readings(of: path).contains { forms.contains($0.split(separator: "/").last.map(String.init) ?? "") }
    }
}
