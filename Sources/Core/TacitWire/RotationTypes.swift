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

    public init(rotation: RotationState? = nil) { self.rotation = rotation }
}
