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
