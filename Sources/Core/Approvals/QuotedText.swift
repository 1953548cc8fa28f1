/// Text that a program wrote and a person reads: one line, without control and direction characters, cut at 300 characters.
///
/// A letter that draws nothing stands as a mark that is seen; text of nothing else, and of blanks, is none.
package struct QuotedText: Sendable, Equatable, CustomStringConvertible {
    package static let longest = 300

    package let description: String

    package init(_ text: String) {
        let kept = text.unicodeScalars.lazy.filter { !$0.isTakenOut }.prefix(Self.longest)
        let saysNothing = kept.allSatisfy { $0.drawsNothing || $0.properties.isWhitespace }
        description = saysNothing ? "" : String(String.UnicodeScalarView(kept.map { $0.drawsNothing ? Self.mark : $0 }))
    }

    /// What stands for a letter that draws nothing: the open box.
    private static let mark: Unicode.Scalar = "\u{2423}"
}

extension Unicode.Scalar {
    /// Whether it moves, turns or joins what is shown, is no character, or only chooses how the one before it looks.
    fileprivate var isTakenOut: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        default: properties.isVariationSelector
        }
    }

    /// Whether it is a letter or a sign of which nothing is seen: a filler, the empty Braille pattern.
    fileprivate var drawsNothing: Bool { properties.isDefaultIgnorableCodePoint || value == 0x2800 }
}
