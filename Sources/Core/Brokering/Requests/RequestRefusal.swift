import Model

/// Why a request is refused before any rule is asked: two programs on its way could read it differently, and rules must not be asked of one reading
/// while the other is served.
///
/// A reason names no host, path or value of the request, so it may be shown and logged.
package enum RequestRefusal: String, Diagnosable, CaseIterable {
    // Whom the request is for
    case hostMissing = "host-missing"
    case hostDuplicate = "host-duplicate"
    case hostIllegal = "host-illegal"
    case hostNotASCII = "host-not-ascii"
    case hostTooLong = "host-too-long"
    case hostEmptyLabel = "host-empty-label"
    case hostTrailingDot = "host-trailing-dot"
    case hostAmbiguousAddress = "host-ambiguous-address"
    case hostBadLiteral = "host-bad-literal"
    case hostZone = "host-zone"
    case userinfo = "userinfo"
    case portMissing = "port-missing"
    case portIllegal = "port-illegal"
    case hostDisagrees = "host-disagrees"
    case schemeDisagrees = "scheme-disagrees"
    case serverNameDisagrees = "server-name-disagrees"

    // What it asks for
    case targetTooLong = "target-too-long"
    case targetMalformed = "target-malformed"
    case targetControl = "target-control"
    case targetFragment = "target-fragment"
    case targetScheme = "target-scheme"
    case targetForm = "target-form"
    case pathEncodedControl = "path-encoded-control"
    case pathBackslash = "path-backslash"
    case pathBadEscape = "path-bad-escape"
    case pathDoubleEncoded = "path-double-encoded"
    case pathBadUTF8 = "path-bad-utf8"
    case pathLookalike = "path-lookalike"
    case pathDotSegment = "path-dot-segment"
    case pathEmptySegment = "path-empty-segment"
    case pathEncodedSlash = "path-encoded-slash"
    case pathParameter = "path-parameter"
    case pathNotASCII = "path-not-ascii"
    case pathIllegalCharacter = "path-illegal-character"
    case pathEncodedUnreserved = "path-encoded-unreserved"
    case queryBadEscape = "query-bad-escape"
    case queryEncodedControl = "query-encoded-control"
    case queryNotASCII = "query-not-ascii"

    // How it is written
    case methodIllegal = "method-illegal"
    case methodRefused = "method-refused"
    case methodOverride = "method-override"
    case headTooLarge = "head-too-large"
    case fieldName = "field-name"
    case fieldShadow = "field-shadow"
    case fieldValue = "field-value"
    case fieldDuplicate = "field-duplicate"
    case routingField = "routing-field"
    case lengthAndCoding = "length-and-coding"
    case lengthIllegal = "length-illegal"
    case codingIllegal = "coding-illegal"
    case connectionField = "connection-field"
    case connectionOption = "connection-option"
    case expectation
    case upgrade
    case trailer

    /// A stable name, `broker.reason`.
    package var code: String { "broker.\(rawValue)" }
}
