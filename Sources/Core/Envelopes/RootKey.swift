package import Model

/// What wraps organization and project keys: a key in this process, or one that never leaves a KMS or HSM.
package protocol RootKey: Sendable {
    /// Wraps a key in a context.
    func wrap(_ key: WrappingKey, context: SealContext) async throws -> [UInt8]
    /// Unwraps what `wrap` gave, in the same context only.
    func unwrap(_ wrapped: [UInt8], context: SealContext) async throws -> WrappingKey
}

/// A root key that lies in this process, opened by a slot.
package struct LocalRootKey: RootKey {
    package let key: WrappingKey
    private let random: RandomBytes

    package init(key: WrappingKey, random: RandomBytes = .system) {
        self.key = key
        self.random = random
    }

    package func wrap(_ key: WrappingKey, context: SealContext) async throws -> [UInt8] {
        try self.key.wrap(key, context: context, random: random)
    }

    package func unwrap(_ wrapped: [UInt8], context: SealContext) async throws -> WrappingKey {
        try key.unwrapWrappingKey(wrapped, context: context)
    }
}
