package import Model
import PlaintextDoor

extension InjectionPlan {
    /// Checks that a value can be held by a variable.
    package static func check(_ value: SecretValue, for name: String) throws(InjectionError) {
        guard name.utf8.count + 1 + value.byteCount <= maximumEntryLength else { throw .tooLong(variable: name) }
        let hasNUL = value.withPlaintext(PlaintextDoor()) { bytes in
            unsafe bytes.withUnsafeBytes { unsafe $0.contains(0) }
        }
        guard !hasNUL else { throw .hasNUL(variable: name) }
    }
}
