/// Text that a program wrote and a person reads: one line, without control and direction characters, cut at 300 characters.
package struct QuotedText: Sendable, Equatable, CustomStringConvertible {
    package static let longest = 300

    package let description: String

    package init(_ text: String) {
        let kept = text.unicodeScalars.lazy.filter { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
            default: true
            }
        }
        description = String(String.UnicodeScalarView(kept.prefix(Self.longest)))
    }
}
