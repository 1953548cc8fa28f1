/// The form in which a value was found.
package enum RedactionView: String, Sendable, CaseIterable {
    /// As it is.
    case raw
    /// As it is, but for line breaks and terminal sequences between its bytes.
    case wrapped
    /// With escapes that begin with a backslash, as JSON, C and shells write them.
    case escape
    /// With `%XX`, or `+` for a space.
    case percent
    /// With references of XML and HTML.
    case entity
    /// With `=XX` of quoted-printable text.
    case quoted
    case base64, hex, utf16
}

/// The views that a needle set looks for.
package struct RedactionViews: OptionSet, Sendable {
    package let rawValue: UInt8

    package static let base64 = RedactionViews(rawValue: 1)
    package static let hex = RedactionViews(rawValue: 2)
    package static let utf16 = RedactionViews(rawValue: 4)
    /// Escapes of every kind.
    package static let escapes = RedactionViews(rawValue: 8)
    /// One encoding inside another, and compressed members (which are told of, not looked into).
    package static let layers = RedactionViews(rawValue: 16)

    package static let all: RedactionViews = [.base64, .hex, .utf16, .escapes, .layers]

    package init(rawValue: UInt8) { self.rawValue = rawValue }
}
