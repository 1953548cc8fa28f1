/// Who asks and how the answer must look: settled by `initialize` for a whole pipe, or said by each request of the stateless version.
struct RequestContext: Sendable {
    let version: ProtocolVersion
    let client: ClientInfo
    let capabilities: ClientCapabilities
}

extension RequestContext {
    private static let prefix = "io.modelcontextprotocol/"
    private static let members = ["protocolVersion", "clientCapabilities", "clientInfo", "logLevel"].map { prefix + $0 }
    private static let logLevels = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]

    /// The version that `_meta` names; nil when it names none.
    static func version(named meta: JSONObject) -> JSONValue? { meta[prefix + "protocolVersion"] }

    /// Whether `_meta` has anything that only requests of the stateless version have.
    static func isMarked(_ meta: JSONObject) -> Bool { members.contains { meta[$0] != nil } }

    /// Reads what a stateless request says of itself. The version comes first: of another one, the rest cannot be judged.
    init(meta: JSONObject) throws(RPCFailure) {
        guard let asked = meta[Self.prefix + "protocolVersion"]?.string else {
            throw .invalidParameters("`_meta` must have `\(Self.prefix)protocolVersion`, a string")
        }
        guard let version = ProtocolVersion(rawValue: asked), version.isStateless else { throw .unsupportedVersion(asked) }
        guard let declared = meta[Self.prefix + "clientCapabilities"]?.object, let capabilities = ClientCapabilities(declared) else {
            throw .invalidParameters("`_meta` must have `\(Self.prefix)clientCapabilities`, an object of objects")
        }
        if let level = meta[Self.prefix + "logLevel"] {
            guard let level = level.string, Self.logLevels.contains(level) else {
                throw .invalidParameters("`\(Self.prefix)logLevel` must be one of: \(Self.logLevels.joined(separator: ", "))")
            }
        }
        self.version = version
        self.capabilities = capabilities
        client = try Self.client(meta)
    }

    private static func client(_ meta: JSONObject) throws(RPCFailure) -> ClientInfo {
        guard let info = meta[prefix + "clientInfo"] else { return ClientInfo(name: "", version: "") }
        guard let client = ClientInfo(info) else { throw .invalidParameters("`\(prefix)clientInfo` must have a name and a version") }
        return client
    }

    /// A finished result, with what its version wants in every one of them.
    func result(_ members: JSONObject, from server: ServerDescription, type: String = "complete", isCacheable: Bool = false) -> JSONValue {
        guard version.isStateless else { return .object(members) }
        var result: JSONObject = ["resultType": .string(type)]
        for member in members.members { result[member.name] = member.value }
        if isCacheable {
            result["ttlMs"] = .integer(Self.lifetimeMilliseconds)
            result["cacheScope"] = "private"
        }
        result["_meta"] = .object([Self.prefix + "serverInfo": server.document(in: version)])
        return .object(result)
    }

    /// How long a client may keep the lists. They change only with the program.
    private static let lifetimeMilliseconds: Int64 = 60_000
}
