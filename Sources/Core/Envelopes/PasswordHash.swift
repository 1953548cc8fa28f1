package import Model

/// Makes a key of a password.
package protocol PasswordHash: Sendable {
    /// Derives 32 bytes. It is slow and takes `parameters.memoryKiB` of memory: call it where blocking is allowed.
    func derive(password: SecretValue, parameters: PasswordHashParameters) throws -> SecretValue
}

/// The cost and salt of one Argon2id hash (RFC 9106). Every instance is within bounds, so nothing is hashed at a cost that stored bytes dictate.
package struct PasswordHashParameters: Sendable, Hashable {
    package let memoryKiB: Int
    package let passes: Int
    package let lanes: Int
    package let salt: [UInt8]

    package static let memoryBounds = (8 << 10)...(4 << 20)
    package static let passBounds = 1...64
    package static let laneBounds = 1...16
    package static let saltByteCount = 16

    package static let defaultMemoryKiB = 64 << 10
    package static let defaultPasses = 3
    package static let defaultLanes = 4

    /// Checks the bounds.
    package init(
        memoryKiB: Int = defaultMemoryKiB, passes: Int = defaultPasses, lanes: Int = defaultLanes, salt: [UInt8]
    ) throws(PasswordHashError) {
        guard Self.memoryBounds.contains(memoryKiB) else { throw .outOfBounds(.memory) }
        guard Self.passBounds.contains(passes) else { throw .outOfBounds(.passes) }
        guard Self.laneBounds.contains(lanes) else { throw .outOfBounds(.lanes) }
        guard salt.count == Self.saltByteCount else { throw .outOfBounds(.salt) }
        self.init(checked: (memoryKiB, passes, lanes), salt: salt)
    }

    private init(checked cost: (memoryKiB: Int, passes: Int, lanes: Int), salt: [UInt8]) {
        (memoryKiB, passes, lanes) = cost
        self.salt = salt
    }

    /// The cost that new slots get, with a fresh salt.
    package static func `default`(random: RandomBytes = .system) -> PasswordHashParameters {
        let salt = random.bytes(saltByteCount)
        precondition(salt.count == saltByteCount, "internal: a random source gave a wrong number of bytes")
        return PasswordHashParameters(checked: (defaultMemoryKiB, defaultPasses, defaultLanes), salt: salt)
    }

    /// Whether a new slot would get a higher cost: less memory, or less work in all.
    package var isWeakerThanDefault: Bool {
        memoryKiB < Self.defaultMemoryKiB || memoryKiB * passes < Self.defaultMemoryKiB * Self.defaultPasses
    }
}

/// Why a password was not hashed.
package enum PasswordHashError: Diagnosable, Equatable {
    /// A part of the cost that has bounds.
    package enum Parameter: String, Sendable {
        case memory, passes, lanes, salt
    }

    /// The stored text is no PHC string of Argon2id.
    case malformed
    /// The stored text names another algorithm, or another version of it.
    case unknownAlgorithm
    case outOfBounds(Parameter)
    case outOfMemory(memoryKiB: Int)
    /// The library's own number for what went wrong.
    case failed(Int32)

    package var code: String {
        switch self {
        case .malformed: "password-hash.malformed"
        case .unknownAlgorithm: "password-hash.unknown-algorithm"
        case .outOfBounds: "password-hash.out-of-bounds"
        case .outOfMemory: "password-hash.out-of-memory"
        case .failed: "password-hash.failed"
        }
    }

    package var message: String {
        switch self {
        case .malformed: "the stored cost of a password hash is not in the form it was written in"
        case .unknownAlgorithm: "a password was hashed with an algorithm that this program does not know"
        case .outOfBounds(let parameter): "the \(parameter.rawValue) of a password hash is out of bounds"
        case .outOfMemory(let memoryKiB): "there are no \(memoryKiB >> 10) MiB of memory left to hash the password"
        case .failed(let code): "the password could not be hashed (argon2 error \(code))"
        }
    }

    package var hint: String? {
        switch self {
        case .unknownAlgorithm: "install a later version of Tacit"
        case .outOfMemory: "end another program and try again"
        default: nil
        }
    }
}
