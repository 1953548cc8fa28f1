package import Model

extension Slot {
    /// Makes a slot that a password opens.
    package static func sealing(
        root: WrappingKey, password: SecretValue, hash: any PasswordHash, parameters: PasswordHashParameters,
        organization: OrganizationID, slot: SlotID, random: RandomBytes = .system
    ) throws -> Slot {
        let key = try WrappingKey(material: hash.derive(password: password, parameters: parameters))
        return .password(parameters, wrapped: try key.wrap(root, context: context(organization, slot), random: random))
    }

    /// Makes a slot that a recovery key opens.
    package static func sealing(
        root: WrappingKey, recovery: RecoveryKey, organization: OrganizationID, slot: SlotID, random: RandomBytes = .system
    ) throws(EnvelopeError) -> Slot {
        .recovery(wrapped: try WrappingKey(material: recovery.material).wrap(root, context: context(organization, slot), random: random))
    }

    /// Opens a password slot. A wrong password is `EnvelopeError.commitmentMismatch`, as is a slot that was moved or changed.
    package func open(password: SecretValue, hash: any PasswordHash, organization: OrganizationID, slot: SlotID) throws -> WrappingKey {
        guard case .password(let parameters, let wrapped) = self else { throw EnvelopeError.wrongSlotKind }
        let key = try WrappingKey(material: hash.derive(password: password, parameters: parameters))
        return try key.unwrapWrappingKey(wrapped, context: Self.context(organization, slot))
    }

    /// Opens a recovery slot. A wrong recovery key is `EnvelopeError.commitmentMismatch`.
    package func open(recovery: RecoveryKey, organization: OrganizationID, slot: SlotID) throws(EnvelopeError) -> WrappingKey {
        guard case .recovery(let wrapped) = self else { throw .wrongSlotKind }
        return try WrappingKey(material: recovery.material).unwrapWrappingKey(wrapped, context: Self.context(organization, slot))
    }

    /// A slot's own key has no generations, so its context says 0.
    private static func context(_ organization: OrganizationID, _ slot: SlotID) -> SealContext {
        SealContext(.rootKey, organization: organization, record: slot.cast(), generation: 0)
    }
}
