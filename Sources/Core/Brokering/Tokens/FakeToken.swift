/// What an agent holds in place of a value. It is no value, and still a credential: it prints nothing of itself.
package struct FakeToken: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    /// ASCII without blanks or control characters.
    package let text: String

    package init(text: String) { self.text = text }

    package var description: String { "<fake token>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
