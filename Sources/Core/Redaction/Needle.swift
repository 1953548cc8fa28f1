package import Model

/// A value to hide, and what stands in its place.
package struct Needle: Sendable {
    package let name: String
    package let value: SecretValue
    /// What stands in the place of the value itself, for a reader who can use it; nil for its name. Another spelling of the value has the name in any case.
    package let standIn: String?
    /// Whether it is a fake token: whoever has it printed holds it, so to show that it was there answers no guess, and it is always replaced in place.
    package let isToken: Bool

    package init(name: String, value: SecretValue, standIn: String? = nil, isToken: Bool = false) {
        self.name = name
        self.value = value
        self.standIn = standIn
        self.isToken = isToken
    }
}
