/// What a derived key is for. The raw value ends the derivation's label (SPEC §2.3); a new use gets a new label.
package enum DerivedKeyLabel: String, CaseIterable, Sendable {
    /// The MAC that chains audit entries.
    case auditLog = "audit-log-v1"
    /// The key that seals audit entries.
    case auditSeal = "audit-seal-v1"
    /// The MAC by which names are looked up.
    case blindIndex = "blind-index-v1"
    /// The MAC over a mutable row.
    case rowMAC = "row-mac-v1"
    /// The keyed digest over all mutable rows.
    case recordsDigest = "records-digest-v1"
    /// The MAC in tokens.
    case token = "token-v1"
    /// What fake tokens are drawn from.
    case fakeToken = "fake-token-v1"
    /// The MAC by which a fake token's grant is looked up.
    case fakeTokenIndex = "fake-token-index-v1"
    /// The seed of the key that signs checkpoints.
    case checkpointSigning = "checkpoint-signing-v1"
    /// The MAC over what the keeper remembers outside the vault.
    case rollbackMemory = "rollback-memory-v1"
    /// The MAC over a grant of scheduled backups.
    case backupSchedule = "backup-schedule-v1"
    /// The MAC over the head of a backup; of a backup's key (SPEC §15.2).
    case backupHead = "backup-head-v1"
    /// The key that seals the chunks of a backup; of a backup's key (SPEC §15.2).
    case backupChunks = "backup-chunks-v1"
}
