import Hummingbird
import Model
import TacitWire

/// Decodes one path segment or query value. Only the canonical encoding passes: what is judged is what was sent.
enum PathText {
    static func decode(_ raw: some StringProtocol) throws -> String {
        guard let text = WirePath.decoded(raw) else { throw PathError.notCanonical }
        return text
    }

    /// Whether the target is a path as the API writes it: absolute, without empty segments and without a fragment.
    static func isCanonical(_ target: String) -> Bool {
        let path = target.prefix { $0 != "?" }
        return path.hasPrefix("/") && !path.hasSuffix("/") && !path.contains("//") && !target.contains("#")
    }

    /// The query's values; a key that is not among `known`, or stands twice, is refused.
    static func query(_ request: Request, known: Set<String>) throws -> [String: String] {
        guard let query = request.uri.query else {
            guard !request.uri.string.contains("?") else { throw PathError.unknownQuery }
            return [:]
        }
        var values: [String: String] = [:]
        for pair in query.split(separator: "&", omittingEmptySubsequences: false) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, known.contains(String(parts[0])) else { throw PathError.unknownQuery }
            guard values.updateValue(try decode(parts[1]), forKey: String(parts[0])) == nil else { throw PathError.unknownQuery }
        }
        return values
    }
}

/// Why a path or query is refused.
enum PathError: Diagnosable, Equatable {
    case notCanonical
    case unknownQuery
    case badNumber

    var code: String { "request.malformed" }

    var message: String {
        switch self {
        case .notCanonical: "the path is not in its canonical encoding"
        case .unknownQuery: "the query has a parameter or value that this request does not know, or one twice"
        case .badNumber: "a number in the request is malformed"
        }
    }
}
