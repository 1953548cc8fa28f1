package import Policies

/// What Tacit knows of a service that takes credentials: where one stands in a request, what it looks like, and which paths give out new ones.
package struct Provider: Sendable {
    /// A plain word, as in `/via/NAME/…`.
    package let name: String
    /// Its own hosts, exactly; empty where each customer has one, which a rule names.
    package let hosts: [String]
    /// Names below which all hosts are its own, where services and regions have one each. Whose data is there, is another matter.
    let domains: [String]
    /// What the base address of its API ends in, behind the first host; empty for nothing.
    package let basePath: String
    /// Where its token stands, the usual place first.
    package let places: [TokenPlace]
    /// The user beside its token in `Authorization: Basic`, where a token is the password.
    package let basicUser: String
    /// The shape of its fake tokens.
    package let shape: TokenShape
    /// The variables in which its programs look for the credential, the usual one first.
    package let variables: [String]
    /// The variables in which its programs look for the address.
    package let addressVariables: [String]
    /// Whether segments of its paths have slashes in them, escaped.
    package let hasEncodedSlash: Bool
    /// Paths where one request can do anything, whatever its method says: GraphQL, batches, RPC. They count as writes.
    package let anyWrite: [Glob]
    /// Paths whose answers hold credentials: new ones, or stored ones in clear. Nothing goes there unless a rule seals the answer.
    package let credentialPaths: [Glob]

    /// Services that take a token for a password mostly look at nothing else; this is what GitHub calls it.
    package static let usualBasicUser = "x-access-token"

    init(
        _ name: String, at hosts: [String], below domains: [String] = [], base basePath: String = "", in places: [TokenPlace] = [.bearer],
        like shape: String, variables: [String],
        user basicUser: String = Provider.usualBasicUser, address addressVariables: [String] = [], encodedSlash hasEncodedSlash: Bool = false,
        anyWrite: [String] = [], credentials: [String] = []
    ) {
        self.name = name
        self.hosts = hosts
        self.domains = domains
        self.basePath = basePath
        self.places = places
        self.basicUser = basicUser
        guard let shape = TokenShape.named(shape) else { preconditionFailure("internal: a provider names a shape that does not exist") }
        self.shape = shape
        self.variables = variables
        self.addressVariables = addressVariables
        self.hasEncodedSlash = hasEncodedSlash
        self.anyWrite = anyWrite.flatMap(Self.paths)
        self.credentialPaths = credentials.flatMap(Self.paths)
    }

    /// A pattern for all below a path is one for the path, too.
    private static func paths(_ pattern: String) -> [Glob] {
        pattern.hasSuffix("/**") && pattern != "/**" ? [path(pattern), path(String(pattern.dropLast(3)))] : [path(pattern)]
    }

    private static func path(_ pattern: String) -> Glob {
        guard let glob = try? Glob(pattern.lowercased(), over: .path) else {
            preconditionFailure("internal: a provider has a pattern that no path can match")
        }
        return glob
    }

    /// Whether the answer to a request for this path, as it is judged, may hold credentials.
    package func givesCredentials(at path: String) -> Bool {
        Self.readings(of: path).contains { path in credentialPaths.contains { $0.matches(path) } }
    }

    /// Whether a request for this path is a write, whatever its method.
    package func writes(at path: String) -> Bool { Self.readings(of: path).contains { path in anyWrite.contains { $0.matches(path) } } }

    /// A path as lenient servers read it: in any case, without slashes, dots, blanks and the name of a format at its end, an escaped slash as a slash or as
    /// part of a segment. Lists of what is denied are asked so; rules, which allow, are asked of the path itself.
    private static func readings(of path: String) -> [String] {
        let text = leniently(path)
        return text.contains("%2f") ? [text, text.replacing("%2f", with: "/")] : [text]
    }

    private static let endings = ["/", ".", "%20", ".json", ".xml", ".txt"]

    private static func leniently(_ path: String) -> String {
        var text = path.lowercased()
        while let end = endings.first(where: { text.hasSuffix($0) && text.utf8.count > $0.utf8.count }) { text.removeLast(end.count) }
        return text
    }
}
