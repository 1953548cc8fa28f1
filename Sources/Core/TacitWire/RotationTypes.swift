/// Which keys are to be drawn anew.
public struct RotationRequest: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable {
        /// The key of one project.
        case project
        /// The keys of all projects, and data key and ciphertext of every version.
        case reseal
    }
    public var kind: Kind
    /// The project's name; none for a reseal.
    public var project: String?

    public init(kind: Kind, project: String? = nil) {
        self.kind = kind
        self.project = project
    }
}

/// How far a rotation is.
public struct RotationState: Codable, Sendable, Equatable {
    public enum Phase: String, Codable, Sendable {
        /// Rows are moved under the new keys.
        case moving
        /// Everything is looked at again: the old keys go when nothing is under them.
        case checking
        case done
    }
    public var kind: RotationRequest.Kind
    /// The project's name; none for a reseal, or where it was deleted meanwhile.
    public var project: String?
    /// RFC 3339.
    public var startedAt: String
    public var phase: Phase
    /// How many versions were moved, of those that there were when it began.
    public var versions: Int64
    public var total: Int64
    /// How many old keys were destroyed; once it is done.
    public var destroyedKeys: Int?

    public init(
        kind: RotationRequest.Kind, project: String? = nil, startedAt: String, phase: Phase, versions: Int64, total: Int64,
        destroyedKeys: Int? = nil
    ) {
        self.kind = kind
        self.project = project
        self.startedAt = startedAt
        self.phase = phase
        self.versions = versions
        self.total = total
        self.destroyedKeys = destroyedKeys
    }
}

/// The rotation that goes on, where one does.
public struct RotationStatus: Codable, Sendable, Equatable {
    public var rotation: RotationState?
    /// How far a new organization key is, which is one transaction.
    public var organization: OrganizationProgress?

    public init(rotation: RotationState? = nil, organization: OrganizationProgress? = nil) {
        self.rotation = rotation
        self.organization = organization
    }
}

/// How far the rotation of the organization key is.
public struct OrganizationProgress: Codable, Sendable, Equatable {
    /// How many rows are made anew, of how many.
    public var rows: Int
    public var total: Int

    public init(rows: Int, total: Int) {
        self.rows = rows
        self.total = total
    }
}

/// What the rotation of the organization key came to.
public struct OrganizationRotated: Codable, Sendable, Equatable {
    public var generation: Int64
    /// Rows that were made anew.
    public var rows: Int
    /// Fake tokens that were live.
    public var endedTokens: Int
    /// Whose signature the log's checkpoints have from here on.
    public var verifierKey: String

    public init(generation: Int64, rows: Int, endedTokens: Int, verifierKey: String) {
        self.generation = generation
        self.rows = rows
        self.endedTokens = endedTokens
        self.verifierKey = verifierKey
    }
}
