/// Asks how two versions of secrets, or two environments, differ.
public struct ComparisonRequest: Codable, Sendable, Equatable {
    public struct Side: Codable, Sendable, Equatable {
        /// `PROJECT/ENVIRONMENT`.
        public var scope: String
        /// The secret; both sides name one, or neither does.
        public var name: String?
        /// Of the secret; the current one when missing.
        public var version: Int64?
        /// The moment that an environment is compared as of (RFC 3339, UTC); now when missing.
        public var asOf: String?

        public init(scope: String, name: String? = nil, version: Int64? = nil, asOf: String? = nil) {
            self.scope = scope
            self.name = name
            self.version = version
            self.asOf = asOf
        }
    }

    public var from: Side
    public var to: Side

    public init(from: Side, to: Side) { (self.from, self.to) = (from, to) }
}

/// How something is on the second side, beside the first.
public enum Difference: String, Codable, Sendable { case added, removed, changed, same }

/// One secret of a comparison.
public struct ComparisonItem: Codable, Sendable, Equatable {
    public var name: String
    public var difference: Difference
    /// The versions that were compared; nil where there is none.
    public var fromVersion: Int64?
    public var toVersion: Int64?
    public var fields: [FieldDifference]

    public init(name: String, difference: Difference, fromVersion: Int64? = nil, toVersion: Int64? = nil, fields: [FieldDifference] = []) {
        self.name = name
        self.difference = difference
        self.fromVersion = fromVersion
        self.toVersion = toVersion
        self.fields = fields
    }
}

/// One field of a comparison. A secret field's value is masked; a plain one's is shown where it is short text.
public struct FieldDifference: Codable, Sendable, Equatable {
    public var name: String
    public var difference: Difference
    public var kind: FieldSummary.Kind
    public var from: String?
    public var to: String?

    public init(name: String, difference: Difference, kind: FieldSummary.Kind, from: String? = nil, to: String? = nil) {
        self.name = name
        self.difference = difference
        self.kind = kind
        self.from = from
        self.to = to
    }
}

/// Brings secrets from one environment into another, or restores one as of a time. Without a plan it answers one; with the plan's steps it is done, if they still hold.
public struct CopyRequest: Codable, Sendable, Equatable {
    /// `PROJECT/ENVIRONMENT`.
    public var from: String
    /// The moment that is copied (RFC 3339, UTC); now when missing.
    public var asOf: String?
    /// `PROJECT/ENVIRONMENT`; the same as `from` to restore it.
    public var to: String
    /// All of them when missing.
    public var names: [String]?
    /// Whether what the source has not is deleted.
    public var exact: Bool?
    /// The steps of the plan that a person saw.
    public var plan: [CopyStep]?

    public init(from: String, asOf: String? = nil, to: String, names: [String]? = nil, exact: Bool? = nil, plan: [CopyStep]? = nil) {
        self.from = from
        self.asOf = asOf
        self.to = to
        self.names = names
        self.exact = exact
        self.plan = plan
    }
}

/// What a copy does with one secret.
public struct CopyStep: Codable, Sendable, Equatable {
    /// `blocked`: it is deleted where it would be written.
    public enum Kind: String, Codable, Sendable { case create, overwrite, undelete, delete, keep, blocked }
    public var name: String
    public var kind: Kind
    /// The versions that this was found at; nil where there is none.
    public var fromVersion: Int64?
    public var toVersion: Int64?

    public init(name: String, kind: Kind, fromVersion: Int64? = nil, toVersion: Int64? = nil) {
        self.name = name
        self.kind = kind
        self.fromVersion = fromVersion
        self.toVersion = toVersion
    }
}

/// A copy as it would be, or was.
public struct CopyResult: Codable, Sendable, Equatable {
    public struct Line: Codable, Sendable, Equatable {
        public var step: CopyStep
        /// What differs of the fields.
        public var fields: [FieldDifference]

        public init(step: CopyStep, fields: [FieldDifference] = []) { (self.step, self.fields) = (step, fields) }
    }

    public var lines: [Line]
    public var done: Bool
    public var notices: [String]

    public init(lines: [Line], done: Bool, notices: [String] = []) { (self.lines, self.done, self.notices) = (lines, done, notices) }
}

/// One version of one secret, in the history of its environment.
public struct EnvironmentVersion: Codable, Sendable, Equatable {
    public var name: String
    public var version: Int64
    public var createdAt: String
    public var isCurrent: Bool
    public var deletedAt: String?

    public init(name: String, version: Int64, createdAt: String, isCurrent: Bool, deletedAt: String? = nil) {
        self.name = name
        self.version = version
        self.createdAt = createdAt
        self.isCurrent = isCurrent
        self.deletedAt = deletedAt
    }
}
