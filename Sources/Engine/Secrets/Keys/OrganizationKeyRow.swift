import Envelopes
import Model
import Storage

extension Keyring {
    /// The organization key as a row, wrapped under a root key of this generation.
    func wrappedOrganizationKey(under root: any RootKey, generation: Int64) async throws -> StoredKey {
        try await row(of: keys, under: root, generation: generation)
    }

    /// Another generation of it as a row, wrapped under the root key in force.
    func wrapped(_ keys: OrganizationKeys) async throws -> StoredKey { try await row(of: keys, under: root, generation: rootGeneration) }

    private func row(of keys: OrganizationKeys, under root: any RootKey, generation: Int64) async throws -> StoredKey {
        let context = Self.organizationContext(organization, generation: keys.generation, wrapping: generation)
        return StoredKey(
            organization: organization, owner: organization.cast(), generation: keys.generation, wrapping: generation,
            wrapped: try await root.wrap(keys.key, context: context))
    }

    /// The associated data of the organization key.
    static func organizationContext(_ organization: OrganizationID, generation: Int64, wrapping: Int64) -> SealContext {
        SealContext(.organizationKey, organization: organization, version: generation, generation: wrapping)
    }
}
