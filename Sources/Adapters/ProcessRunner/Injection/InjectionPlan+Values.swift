import CProcess
package import Model
import PlaintextDoor

extension InjectionPlan {
    /// Opens a file that holds a value, in memory, and that nobody can change; an error below zero.
    static func file(with value: SecretValue) -> Int32 {
        value.withPlaintext(PlaintextDoor()) { bytes in
            unsafe bytes.withUnsafeBytes { unsafe tacit_sealed_bytes($0.baseAddress, $0.count) }
        }
    }

    /// Checks that a value can be held by a variable.
    package static func check(_ value: SecretValue, for name: String) throws(InjectionError) {
        guard name.utf8.count + 1 + value.byteCount <= maximumEntryLength else { throw .tooLong(variable: name) }
        let hasNUL = value.withPlaintext(PlaintextDoor()) { bytes in
            unsafe bytes.withUnsafeBytes { unsafe $0.contains(0) }
        }
        guard !hasNUL else { throw .hasNUL(variable: name) }
    }
}
