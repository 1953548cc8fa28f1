/// One page of a list and where the next begins.
public struct Page<Element: Codable & Sendable & Equatable>: Codable, Sendable, Equatable {
    public var items: [Element]
    /// Pass as `cursor` for the next page; nil at the end.
    public var nextCursor: String?
    /// How many there are on all pages, where that is told.
    public var total: Int?

    public init(items: [Element], nextCursor: String? = nil, total: Int? = nil) {
        self.items = items
        self.nextCursor = nextCursor
        self.total = total
    }
}

/// A project or environment.
public struct NamedSummary: Codable, Sendable, Equatable {
    public var name: String
    public var createdAt: String
    public var revision: Int64

    public init(name: String, createdAt: String, revision: Int64) {
        self.name = name
        self.createdAt = createdAt
        self.revision = revision
    }
}

/// Makes or renames a project or environment.
public struct NameRequest: Codable, Sendable, Equatable {
    public var name: String

    public init(name: String) { self.name = name }
}

/// A secret as a list shows it; never a value.
public struct SecretSummary: Codable, Sendable, Equatable {
    public var name: String
    public var version: Int64
    public var tags: [String]
    public var description: String?
    public var updatedAt: String
    public var expiresAt: String?
    /// Set when it is deleted and can still be undeleted.
    public var deletedAt: String?
    /// For an agent: the capabilities that the policy gives it on this secret.
    public var usableWith: [String]?
    /// For an agent: what is still missing before it can use it: `session`, `acknowledgement`, `approval`, `listed_program`.
    public var requires: [String]?
    /// For an agent: the names of its fields, where it has others than the usual one.
    public var fields: [String]?

    public init(
        name: String, version: Int64, tags: [String] = [], description: String? = nil, updatedAt: String, expiresAt: String? = nil,
        deletedAt: String? = nil, usableWith: [String]? = nil, requires: [String]? = nil, fields: [String]? = nil
    ) {
        self.name = name
        self.version = version
        self.tags = tags
        self.description = description
        self.updatedAt = updatedAt
        self.expiresAt = expiresAt
        self.deletedAt = deletedAt
        self.usableWith = usableWith
        self.requires = requires
        self.fields = fields
    }
}

/// A secret with its metadata, fields and versions; never a value.
public struct SecretDetail: Codable, Sendable, Equatable {
    public var id: String
    public var name: String
    public var version: Int64
    /// Counts the changes of the record; `If-Match` takes it.
    public var revision: Int64
    public var fields: [FieldSummary]
    public var tags: [String]
    public var description: String?
    public var note: String?
    public var url: String?
    public var createdAt: String
    public var updatedAt: String
    public var expiresAt: String?
    public var deletedAt: String?
    /// When what is deleted is purged.
    public var purgeAfter: String?

    public init(
        id: String, name: String, version: Int64, revision: Int64, fields: [FieldSummary], tags: [String] = [], description: String? = nil,
        note: String? = nil, url: String? = nil, createdAt: String, updatedAt: String, expiresAt: String? = nil, deletedAt: String? = nil,
        purgeAfter: String? = nil
    ) {
        self.id = id
        self.name = name
        self.version = version
        self.revision = revision
        self.fields = fields
        self.tags = tags
        self.description = description
        self.note = note
        self.url = url
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.expiresAt = expiresAt
        self.deletedAt = deletedAt
        self.purgeAfter = purgeAfter
    }
}

/// One field of a version, without its value.
public struct FieldSummary: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable { case secret, plain }
    public var name: String
    public var kind: Kind
    /// The environment variable it is injected as, when it is bound to one.
    public var binding: String?

    public init(name: String, kind: Kind, binding: String? = nil) {
        self.name = name
        self.kind = kind
        self.binding = binding
    }
}

/// One version.
public struct VersionSummary: Codable, Sendable, Equatable {
    public var number: Int64
    public var createdAt: String
    public var fields: [FieldSummary]
    public var isCurrent: Bool

    public init(number: Int64, createdAt: String, fields: [FieldSummary], isCurrent: Bool) {
        self.number = number
        self.createdAt = createdAt
        self.fields = fields
        self.isCurrent = isCurrent
    }
}

/// The JSON part (`secret`) of a `set`; each value is a part of its own, named `field-0`, `field-1` … in the order of `fields`.
public struct SetRequest: Codable, Sendable, Equatable {
    /// The fields that are written. Others of the current version are kept, unless `replacesFields`.
    public var fields: [FieldSummary]
    public var replacesFields: Bool?
    /// Nil leaves these as they are.
    public var tags: [String]?
    public var description: String?
    public var note: String?
    public var url: String?
    /// A span such as `30d`, counted from now; an empty text takes the expiry away.
    public var expires: String?
    /// Binds existing or written fields to environment variables.
    public var bindings: [Binding]?

    public struct Binding: Codable, Sendable, Equatable {
        public var variable: String
        public var field: String

        public init(variable: String, field: String) {
            self.variable = variable
            self.field = field
        }
    }

    public init(
        fields: [FieldSummary], replacesFields: Bool? = nil, tags: [String]? = nil, description: String? = nil, note: String? = nil,
        url: String? = nil, expires: String? = nil, bindings: [Binding]? = nil
    ) {
        self.fields = fields
        self.replacesFields = replacesFields
        self.tags = tags
        self.description = description
        self.note = note
        self.url = url
        self.expires = expires
        self.bindings = bindings
    }
}

/// The answer to a write: the version that is current now.
public struct Written: Codable, Sendable, Equatable {
    public var name: String
    public var version: Int64
    public var revision: Int64
    /// Advice such as: this value is too short to be redacted reliably.
    public var notices: [String]

    public init(name: String, version: Int64, revision: Int64, notices: [String] = []) {
        self.name = name
        self.version = version
        self.revision = revision
        self.notices = notices
    }
}

/// Changes metadata without a new version. Nil leaves a part as it is.
public struct SecretPatch: Codable, Sendable, Equatable {
    public var name: String?
    public var addTags: [String]?
    public var removeTags: [String]?
    public var description: String?
    public var note: String?
    public var url: String?
    /// A span from now; an empty text takes the expiry away.
    public var expires: String?

    public init(
        name: String? = nil, addTags: [String]? = nil, removeTags: [String]? = nil, description: String? = nil, note: String? = nil,
        url: String? = nil, expires: String? = nil
    ) {
        self.name = name
        self.addTags = addTags
        self.removeTags = removeTags
        self.description = description
        self.note = note
        self.url = url
        self.expires = expires
    }
}

/// Makes an earlier version the current one again, as a new version.
public struct RollbackRequest: Codable, Sendable, Equatable {
    public var version: Int64

    public init(version: Int64) { self.version = version }
}

/// An agent's wish to see one value. The answer is the value in octets, once its policy has `reveal` and a person approved it.
public struct RevealRequest: Codable, Sendable, Equatable {
    public var purpose: String
    /// The one that stands for the secret when missing.
    public var field: String?
    /// The current one when missing.
    public var version: Int64?

    public init(purpose: String, field: String? = nil, version: Int64? = nil) {
        self.purpose = purpose
        self.field = field
        self.version = version
    }
}

/// A masked view of one field: `********`, plus the last four characters of a value of 16 or more.
public struct MaskedValue: Codable, Sendable, Equatable {
    public var name: String
    public var field: String
    public var masked: String
    public var version: Int64

    public init(name: String, field: String, masked: String, version: Int64) {
        self.name = name
        self.field = field
        self.masked = masked
        self.version = version
    }
}

/// Asks which of some names are there.
public struct ExistsRequest: Codable, Sendable, Equatable {
    /// `PROJECT/ENVIRONMENT`.
    public var scope: String
    public var names: [String]

    public init(scope: String, names: [String]) {
        self.scope = scope
        self.names = names
    }
}

/// Whether a name is there; a name that the asker may not list is answered as an absent one.
public struct Existence: Codable, Sendable, Equatable {
    public var name: String
    public var exists: Bool
    public var version: Int64?
    public var createdAt: String?
    public var expiresAt: String?

    public init(name: String, exists: Bool, version: Int64? = nil, createdAt: String? = nil, expiresAt: String? = nil) {
        self.name = name
        self.exists = exists
        self.version = version
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}

/// The JSON part (`import`) of an import; the value of entry N is the part `value-N`. All of it is stored or nothing.
public struct ImportRequest: Codable, Sendable, Equatable {
    public enum Conflict: String, Codable, Sendable { case error, skip, overwrite }
    public struct Entry: Codable, Sendable, Equatable {
        public var name: String
        public var field: String
        public var kind: FieldSummary.Kind
        /// Tags that the secret gets beside those it has; with the first entry of each secret.
        public var tags: [String]?

        public init(name: String, field: String = "value", kind: FieldSummary.Kind = .secret, tags: [String]? = nil) {
            self.name = name
            self.field = field
            self.kind = kind
            self.tags = tags
        }
    }
    /// Entries of one secret stand together.
    public var entries: [Entry]
    public var conflict: Conflict
    public var dryRun: Bool

    public init(entries: [Entry], conflict: Conflict, dryRun: Bool) {
        self.entries = entries
        self.conflict = conflict
        self.dryRun = dryRun
    }
}

/// What an import did, or would do.
public struct ImportResult: Codable, Sendable, Equatable {
    public var created: [String]
    public var overwritten: [String]
    public var skipped: [String]
    public var unchanged: [String]
    public var dryRun: Bool
    /// What the person should know besides.
    public var notices: [String]
    /// How many of the stored secrets have a field that could be guessed.
    public var guessable: Int

    public init(
        created: [String] = [], overwritten: [String] = [], skipped: [String] = [], unchanged: [String] = [], dryRun: Bool, notices: [String] = [],
        guessable: Int = 0
    ) {
        self.created = created
        self.overwritten = overwritten
        self.skipped = skipped
        self.unchanged = unchanged
        self.dryRun = dryRun
        self.notices = notices
        self.guessable = guessable
    }
}
