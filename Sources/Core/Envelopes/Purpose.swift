/// What a sealed thing is for. The raw value is the label that begins its associated data (SPEC §3).
package enum Purpose: String, CaseIterable, Sendable {
    /// The value of one field, under its data key.
    case value = "tacit/v1/value"
    /// The names, kinds and bindings of a version's fields, under a data key.
    case manifest = "tacit/v1/manifest"
    /// The names, tags and notes of a record, under its metadata key.
    case metadata = "tacit/v1/metadata"
    /// A policy document, under its policy key.
    case policy = "tacit/v1/policy"
    /// An audit entry, under the key derived for entries.
    case auditEntry = "tacit/v1/audit-entry"
    /// The data key of one field, under the project key.
    case dataKey = "tacit/v1/data-key"
    /// The data key of a record's metadata.
    case metadataKey = "tacit/v1/metadata-key"
    /// The data key of a policy document, under the organization key.
    case policyKey = "tacit/v1/policy-key"
    /// A project key, under the root key.
    case projectKey = "tacit/v1/project-key"
    /// An organization key, under the root key.
    case organizationKey = "tacit/v1/organization-key"
    /// A root key, under the key of a slot.
    case rootKey = "tacit/v1/root-key"
    /// The key of a backup, under one that a password makes.
    case backupKey = "tacit/v1/backup-key"

    /// What kind of thing is sealed or wrapped for a purpose.
    package enum Content: Sendable {
        case value, document, dataKey, wrappingKey
    }

    /// The one kind of thing that this purpose is for; anything else is refused.
    package var content: Content {
        switch self {
        case .value: .value
        case .manifest, .metadata, .policy, .auditEntry: .document
        case .dataKey, .metadataKey, .policyKey: .dataKey
        case .projectKey, .organizationKey, .rootKey, .backupKey: .wrappingKey
        }
    }

    func require(_ content: Content) throws(EnvelopeError) {
        guard self.content == content else { throw .wrongPurpose(self) }
    }
}
