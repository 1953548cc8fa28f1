/// Text around a value that goes to standard input: a program reads `before`, the value, `after`, and then the end.
///
/// Standard input alone has it. What a program reads there whoever asks decides anyway; text around a value in a variable or a file would steer
/// programs that trust those: another option before a token, a second line in a file of credentials. It is no secret, and is not redacted.
package struct InputText: Sendable, Hashable {
    /// The most bytes of UTF-8 that each part has.
    package static let longest = 1024
    package static let none = InputText()

    package let before: String
    package let after: String

    private init() { (before, after) = ("", "") }

    /// Nil when a part is not fit.
    package init?(before: String, after: String) {
        guard Self.isFit(before), Self.isFit(after) else { return nil }
        (self.before, self.after) = (before, after)
    }

    package var isEmpty: Bool { before.isEmpty && after.isEmpty }

    /// Whether a text is short enough and holds no NUL.
    package static func isFit(_ text: String) -> Bool { text.utf8.count <= longest && !text.utf8.contains(0) }
}
