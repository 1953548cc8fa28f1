import Policies

/// Operations of AWS whose answers hold credentials, new ones or stored ones in clear: nothing goes there, but for new ones that a rule seals.
///
/// Facts are from the services' public documentation, as of November 2026.
enum AWSOperations {
    /// Says whether the answer to a signed request may hold credentials.
    ///
    /// - Parameter form: the body, where it is a form: services of that protocol have the operation in it.
    static func givesCredentials(_ head: SignableHead, to service: String, form: [UInt8]?) -> Bool {
        let service = service.lowercased()
        let query = pairs(head.query ?? [])
        let operations = operations(in: head, query + pairs(form ?? []))
        if let harmless = harmless[service] { return operations.isEmpty || !operations.allSatisfy(harmless.contains) }
        if let giving = AWSCredentialOperations.named[service], operations.contains(where: giving.contains) { return true }
        let path = path(of: head)
        if AWSCredentialOperations.paths[service]?.contains(where: { $0.matches(path) }) == true { return true }
        return switch service {
        case "s3", "s3express": query.contains { $0.name == "session" }
        default: false
        }
    }

    /// Whether a service has an operation that gives out credentials and is named, be it in the body.
    static func hasNamedOperations(_ service: String) -> Bool {
        let service = service.lowercased()
        return harmless[service] != nil || AWSCredentialOperations.named[service] != nil
    }

    /// Whether a service's answers may be sealed: it gives new keys, whose parts are named, and nothing that is stored somewhere.
    static func areSealable(_ service: String) -> Bool { service.lowercased() == "sts" }

    /// Of a service that is there to give credentials, what does not.
    private static let harmless: [String: Set<String>] = ["sts": ["getcalleridentity", "getaccesskeyinfo", "decodeauthorizationmessage"]]

    /// Every operation that one of the protocols would read of a request: `Action=OPERATION`, `X-Amz-Target: SERVICE_VERSION.OPERATION`,
    /// `/service/SERVICE/operation/OPERATION`.
    private static func operations(in head: SignableHead, _ pairs: [(name: String, value: String)]) -> [String] {
        let named = pairs.filter { $0.name == "action" }.map(\.value)
        let targets = head.values(of: "x-amz-target").map { text(Array($0.split(separator: UInt8(ascii: ".")).last ?? [])) }
        let steps = path(of: head).split(separator: "/")
        return named + targets + zip(steps, steps.dropFirst()).filter { $0.0 == "operation" }.map { String($0.1) }
    }

    /// The path as a lenient service reads it.
    private static func path(of head: SignableHead) -> String {
        let path = text(decoded(head.path[...]))
        return "/" + path.split(separator: "/").joined(separator: "/")
    }

    private static func pairs(_ text: [UInt8]) -> [(name: String, value: String)] {
        text.split(separator: UInt8(ascii: "&")).map { piece in
            let equals = piece.firstIndex(of: UInt8(ascii: "=")) ?? piece.endIndex
            return (Self.text(decoded(piece[..<equals])), Self.text(decoded(piece[equals...].dropFirst())))
        }
    }

    private static func decoded(_ text: ArraySlice<UInt8>) -> [UInt8] { PercentEscapes.decoded(text, plusIsSpace: true) ?? Array(text) }

    /// In small letters: whether a service would take another spelling does not matter.
    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes.lowercasedBytes, as: UTF8.self) }
}
