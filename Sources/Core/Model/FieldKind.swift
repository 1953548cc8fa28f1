/// Whether a field's value is to be hidden.
package enum FieldKind: String, Sendable, CaseIterable {
    /// Redacted and masked wherever it appears.
    case secret
    /// Shown as it is (a user name, a host, a port).
    case plain
}
