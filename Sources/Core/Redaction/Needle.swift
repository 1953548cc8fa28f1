package import Model

/// A value to hide, and the name that stands in its place.
package struct Needle: Sendable {
    package let name: String
    package let value: SecretValue

    package init(name: String, value: SecretValue) {
        self.name = name
        self.value = value
    }
}

/// The form in which a value was found.
package enum RedactionView: String, Sendable, CaseIterable {
    case raw, json, percent, base64, hex
}
