/// The methods that a rule can list. The raw value is the word in request and policy.
///
/// `CONNECT` makes a tunnel into which nobody looks, and `TRACE` sends a request back with its headers: no rule lists them.
package enum RequestMethod: String, CaseIterable, Sendable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
    case options = "OPTIONS"
    case query = "QUERY"
    /// WebDAV's, and those that some services have of their own.
    case propfind = "PROPFIND"
    case proppatch = "PROPPATCH"
    case mkcol = "MKCOL"
    case copy = "COPY"
    case move = "MOVE"
    case lock = "LOCK"
    case unlock = "UNLOCK"
    case report = "REPORT"
    case search = "SEARCH"
    case list = "LIST"
    case purge = "PURGE"

    /// What a rule lists that says nothing of methods: reading.
    package static let usual: [RequestMethod] = [.get, .head]

    /// Whether it only reads, as far as a service keeps to what methods mean (RFC 9110, 9.2.1).
    package var isReading: Bool {
        switch self {
        case .get, .head, .options, .query, .propfind, .report, .search, .list: true
        case .post, .put, .patch, .delete, .proppatch, .mkcol, .copy, .move, .lock, .unlock, .purge: false
        }
    }

    /// The method that was most likely meant.
    static func suggestion(for text: String) -> String? {
        Policies.suggestion(for: text, among: allCases.map { $0.rawValue.lowercased() })?.uppercased()
    }
}
