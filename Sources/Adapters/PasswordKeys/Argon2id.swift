import CArgon2
package import Envelopes
package import Model
import PlaintextDoor
import Synchronization

/// Argon2id by libargon2. One hash runs at a time in a process, so that several unlocks together take the memory of one.
package struct Argon2id: PasswordHash {
    private static let outputByteCount = 32
    private static let turn = Mutex(())

    package init() {}

    package func derive(password: SecretValue, parameters: PasswordHashParameters) throws -> SecretValue {
        try Self.turn.withLock { _ in
            try password.withPlaintext(PlaintextDoor()) { password in
                try unsafe SecretValue(capacity: Self.outputByteCount, in: .keys) { output throws(PasswordHashError) in
                    try unsafe Self.fill(output, password: password, parameters: parameters)
                    return Self.outputByteCount
                }
            }
        }
    }

    private static func fill(
        _ output: UnsafeMutableRawBufferPointer, password: RawSpan, parameters: PasswordHashParameters
    ) throws(PasswordHashError) {
        let status = unsafe password.withUnsafeBytes { password in
            unsafe parameters.salt.withUnsafeBytes { salt in
                unsafe tacit_argon2id(
                    password.baseAddress, password.count, salt.baseAddress, salt.count,
                    UInt32(parameters.memoryKiB), UInt32(parameters.passes), UInt32(parameters.lanes), output.baseAddress, output.count)
            }
        }
        switch status {
        case 0: return
        case Int32(tacit_argon2_no_memory): throw .outOfMemory(memoryKiB: parameters.memoryKiB)
        default: throw .failed(status)
        }
    }
}
