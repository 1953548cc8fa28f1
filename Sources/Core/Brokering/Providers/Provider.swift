package import Policies

/// What Tacit knows of a service that takes credentials: where one stands in a request, what it looks like, and which paths give out new ones.
package struct Provider: Sendable {
    /// A plain word, as in `/via/NAME/…`.
    package let name: String
    /// Its own hosts, exactly, the usual one first; empty where all stand below its domains.
    package let hosts: [String]
    /// Names below which all hosts are its own, where services, regions or customers have one each. Whose data is there, is another matter.
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
    /// What stands before all its paths where somebody runs it themselves; empty for nothing.
    let ownBase: String
    /// Paths whose answers hold credentials: new ones, or stored ones in clear. Nothing goes there unless a rule seals the answer.
    package let credentialPaths: [Glob]

    /// Services that take a token for a password mostly look at nothing else; this is what GitHub calls it.
    package static let usualBasicUser = "x-access-token"

    init(
        _ name: String, at hosts: [String], below domains: [String] = [], base basePath: String = "", in places: [TokenPlace] = [.bearer],
        like shape: String, variables: [String],
        user basicUser: String = Provider.usualBasicUser, address addressVariables: [String] = [], encodedSlash hasEncodedSlash: Bool = false,
        ownBase: String = "", credentials: [String] = []
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
        self.ownBase = ownBase
        self.credentialPaths = credentials.flatMap(LenientPath.globs)
    }

    /// Whether a host, in the form in which it is judged, is its own.
    func has(host: String) -> Bool {
        hosts.contains(host) || domains.contains { host.hasSuffix(".\($0)") }
    }

    /// Whether the answer to a request for this path, as it is judged, may hold credentials.
    package func givesCredentials(at path: String) -> Bool {
        LenientPath.readings(of: path).contains { path in
            let isOwn = !ownBase.isEmpty && path.hasPrefix("\(ownBase)/")
            return credentialPaths.contains { $0.matches(path) || isOwn && $0.matches(String(path.dropFirst(ownBase.count))) }
        }
    }
}
