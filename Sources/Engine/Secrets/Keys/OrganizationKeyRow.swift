import Envelopes
import Model
import Storage

extension Keyring {
    /// The organization key as a row, wrapped under a root key of this generation.
    func wrappedOrganizationKey(under root: WrappingKey, generation: Int64, random: RandomBytes = .system) async throws -> StoredKey {
        let context = Self.organizationContext(organization, generation: organizationGeneration, wrapping: generation)
        return StoredKey(
            organization: organization, owner: organization.cast(), generation: organizationGeneration, wrapping: generation,
            wrapped: try await LocalRootKey(key: root).wrap(organizationKey, context: context))
    }

    /// The associated data of the organization key.
    static func organizationContext(_ organization: OrganizationID, generation: Int64, wrapping: Int64) -> SealContext {
        SealContext(.organizationKey, organization: organization, version: generation, generation: wrapping)
    }
}
