package import Model

/// What a mutable record is. The raw value is the text in the `kind` column and in the record's MAC.
package enum RecordKind: String, Sendable, CaseIterable {
    case vault, slot, organization, project, environment, secret, policy, agent, approval, factor, fuse, grant, panic, rotation, epoch, anchor
}

/// One mutable row: a pointer, a policy in force, an agent, a slot … in the one shape that storage knows.
///
/// The content is canonical bytes whose private parts are sealed. `mac` covers organization, kind, id, parent, lookup, revision and content
/// (SPEC §6); storage keeps it and never checks it.
package struct Record: Sendable, Equatable {
    package var organization: OrganizationID
    package var kind: RecordKind
    /// Unique within the organization, whatever the kind.
    package var id: AnyRecordID
    /// The record this one lies in (an environment's project, a secret's environment); it must exist, and stays the same as long as the record does.
    package var parent: AnyRecordID?
    /// The keyed blind index of the record's name, 32 bytes; unique within organization and kind. Nil for what has no name or gave it up (deleted).
    package var lookup: [UInt8]?
    /// Counts the writes of this record, from 1.
    package var revision: Int64
    package var content: [UInt8]
    /// HMAC-SHA256, 32 bytes.
    package var mac: [UInt8]

    package init(
        organization: OrganizationID, kind: RecordKind, id: AnyRecordID, parent: AnyRecordID?, lookup: [UInt8]?,
        revision: Int64, content: [UInt8], mac: [UInt8]
    ) {
        self.organization = organization
        self.kind = kind
        self.id = id
        self.parent = parent
        self.lookup = lookup
        self.revision = revision
        self.content = content
        self.mac = mac
    }
}

/// What wraps what: one wrapped key of the hierarchy, immutable. Rotation inserts the new generation and deletes the old.
package struct StoredKey: Sendable, Equatable {
    package var organization: OrganizationID
    /// The organization or project whose key this is.
    package var owner: AnyRecordID
    /// The key's own generation, from 1.
    package var generation: Int64
    /// The generation of the key that wraps it, from 1.
    package var wrapping: Int64
    package var wrapped: [UInt8]

    package init(organization: OrganizationID, owner: AnyRecordID, generation: Int64, wrapping: Int64, wrapped: [UInt8]) {
        self.organization = organization
        self.owner = owner
        self.generation = generation
        self.wrapping = wrapping
        self.wrapped = wrapped
    }
}

/// One immutable version of a secret. Its fields are `SealedField`s; number 0 of them is the manifest (names, kinds and bindings of the others).
package struct StoredVersion: Sendable, Equatable {
    package var organization: OrganizationID
    package var secret: SecretID
    /// From 1, without gaps at the time of writing.
    package var number: Int64
    package var createdAt: Timestamp

    package init(organization: OrganizationID, secret: SecretID, number: Int64, createdAt: Timestamp) {
        self.organization = organization
        self.secret = secret
        self.number = number
        self.createdAt = createdAt
    }
}

/// Where a field lies: a secret, a version of it, and the field's ordinal in that version (0 is the manifest).
package struct FieldAddress: Sendable, Hashable, Comparable {
    package var secret: SecretID
    package var version: Int64
    package var ordinal: Int64

    package init(secret: SecretID, version: Int64, ordinal: Int64) {
        self.secret = secret
        self.version = version
        self.ordinal = ordinal
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.secret, left.version, left.ordinal) < (right.secret, right.version, right.ordinal)
    }
}

/// The wrapped data key of one field. Rewrapping replaces generation and wrapping together, where it lies.
package struct StoredDataKey: Sendable, Equatable {
    package var organization: OrganizationID
    package var address: FieldAddress
    /// The generation of the project key that wraps it.
    package var generation: Int64
    /// Counts the reseals of the field, from 1: which ciphertext this key opens.
    package var seal: Int64
    package var wrapped: [UInt8]

    package init(organization: OrganizationID, address: FieldAddress, generation: Int64, seal: Int64, wrapped: [UInt8]) {
        self.organization = organization
        self.address = address
        self.generation = generation
        self.seal = seal
        self.wrapped = wrapped
    }
}

/// The sealed bytes of one field. Resealing inserts the next `seal` and deletes the old.
package struct StoredCiphertext: Sendable, Equatable {
    package var organization: OrganizationID
    package var address: FieldAddress
    package var seal: Int64
    package var sealed: [UInt8]

    package init(organization: OrganizationID, address: FieldAddress, seal: Int64, sealed: [UInt8]) {
        self.organization = organization
        self.address = address
        self.seal = seal
        self.sealed = sealed
    }
}

/// A field's data key and ciphertext, as one read gives them.
package struct SealedField: Sendable, Equatable {
    package var key: StoredDataKey
    package var ciphertext: StoredCiphertext

    package init(key: StoredDataKey, ciphertext: StoredCiphertext) {
        self.key = key
        self.ciphertext = ciphertext
    }
}

/// Some versions of one secret.
package struct VersionRange: Sendable, Equatable {
    package var secret: SecretID
    package var numbers: ClosedRange<Int64>

    package init(secret: SecretID, numbers: ClosedRange<Int64>) { (self.secret, self.numbers) = (secret, numbers) }
}

/// A version with its fields, the manifest first.
package struct SealedVersion: Sendable, Equatable {
    package var secret: SecretID
    package var number: Int64
    package var fields: [SealedField]

    package init(secret: SecretID, number: Int64, fields: [SealedField]) { (self.secret, self.number, self.fields) = (secret, number, fields) }

    package var byteCount: Int { fields.reduce(0) { $0 + $1.ciphertext.sealed.count } }
}

/// One audit entry as it is stored: sealed bytes and the chain's MAC over them.
package struct StoredEntry: Sendable, Equatable {
    package var organization: OrganizationID
    /// Position in the organization's log, from 0, without gaps.
    package var index: Int64
    package var sealed: [UInt8]
    /// HMAC-SHA256 chain value, 32 bytes.
    package var chain: [UInt8]

    package init(organization: OrganizationID, index: Int64, sealed: [UInt8], chain: [UInt8]) {
        self.organization = organization
        self.index = index
        self.sealed = sealed
        self.chain = chain
    }
}

/// A signed checkpoint as it is stored.
package struct StoredCheckpoint: Sendable, Equatable {
    package var organization: OrganizationID
    /// How many entries the tree had.
    package var size: Int64
    /// The C2SP signed note, UTF-8.
    package var note: [UInt8]
    /// The tree's frontier (hashes of its perfect subtrees, largest first), 32 bytes each: where hashing goes on.
    package var frontier: [UInt8]

    package init(organization: OrganizationID, size: Int64, note: [UInt8], frontier: [UInt8]) {
        self.organization = organization
        self.size = size
        self.note = note
        self.frontier = frontier
    }
}
