/// What a backup holds: never a value.
public struct BackupReport: Codable, Sendable, Equatable {
    public enum Sealing: String, Codable, Sendable { case password, recipients }

    /// One environment of a backup.
    public struct Place: Codable, Sendable, Equatable {
        /// `PROJECT/ENVIRONMENT`.
        public var scope: String
        public var secrets: Int
        public var versions: Int
        /// Of the secrets, those that are deleted.
        public var deleted: Int

        public init(scope: String, secrets: Int, versions: Int, deleted: Int) {
            (self.scope, self.secrets, self.versions, self.deleted) = (scope, secrets, versions, deleted)
        }
    }

    /// The backup's own id.
    public var backup: String
    /// The organization whose vault it is of.
    public var organization: String
    /// RFC 3339.
    public var madeAt: String
    public var sealedTo: Sealing
    public var projects: Int64
    public var environments: Int64
    /// Versions of the policy.
    public var policies: Int64
    public var secrets: Int64
    public var versions: Int64
    public var values: Int64
    /// How many bytes the values have together.
    public var bytes: Int64
    /// The last signed checkpoint of the vault that it is of; where the backup was read.
    public var checkpoint: String?
    /// Where the backup was read.
    public var places: [Place]?

    public init(
        backup: String, organization: String, madeAt: String, sealedTo: Sealing, projects: Int64, environments: Int64, policies: Int64,
        secrets: Int64, versions: Int64, values: Int64, bytes: Int64, checkpoint: String? = nil, places: [Place]? = nil
    ) {
        (self.backup, self.organization, self.madeAt, self.sealedTo) = (backup, organization, madeAt, sealedTo)
        (self.projects, self.environments, self.policies) = (projects, environments, policies)
        (self.secrets, self.versions, self.values, self.bytes) = (secrets, versions, values, bytes)
        (self.checkpoint, self.places) = (checkpoint, places)
    }
}

/// How the bytes of a backup ended: whole, with what is in them, or with a problem.
public struct BackupOutcome: Codable, Sendable, Equatable {
    public var report: BackupReport?
    public var problem: Problem?

    public init(report: BackupReport? = nil, problem: Problem? = nil) { (self.report, self.problem) = (report, problem) }
}

/// The answer to a restore.
public struct BackupRestored: Codable, Sendable, Equatable {
    /// The id of the new vault.
    public var organization: String
    /// The checkpoint key of the new vault (C2SP vkey).
    public var verifierKey: String
    public var backup: BackupReport

    public init(organization: String, verifierKey: String, backup: BackupReport) {
        (self.organization, self.verifierKey, self.backup) = (organization, verifierKey, backup)
    }
}

/// The answer to a drill.
public struct BackupDrill: Codable, Sendable, Equatable {
    public var backup: BackupReport
    /// What was compared with the vault.
    public var versions: Int
    public var values: Int
    public var policies: Int
    /// How much of that is not the same.
    public var differences: Int
    /// Secrets whose names, tags or times were changed since the backup.
    public var changed: Int
    /// Secrets that were made since the backup, deleted ones included.
    public var added: Int
    /// Versions that came since the backup, those of secrets that were made since among them.
    public var newer: Int
    /// Versions of the policy that came since the backup.
    public var newerPolicies: Int
    /// Secrets of the backup that the vault has no more.
    public var gone: Int

    public init(
        backup: BackupReport, versions: Int, values: Int, policies: Int, differences: Int, changed: Int, added: Int, newer: Int,
        newerPolicies: Int, gone: Int
    ) {
        (self.backup, self.versions, self.values, self.policies) = (backup, versions, values, policies)
        (self.differences, self.changed, self.added, self.newer) = (differences, changed, added, newer)
        (self.newerPolicies, self.gone) = (newerPolicies, gone)
    }
}

/// What a person granted to a timer: backups that are sealed to these recipients. It opens nothing.
public struct BackupGrantText: Codable, Sendable, Equatable {
    public var recipients: [String]
    /// Nanoseconds since 1970.
    public var expiresAt: Int64
    /// The keeper's code over both, in hexadecimal.
    public var code: String

    public init(recipients: [String], expiresAt: Int64, code: String) { (self.recipients, self.expiresAt, self.code) = (recipients, expiresAt, code) }
}

/// Whom backups are granted to.
public struct BackupGrantWish: Codable, Sendable, Equatable {
    public var recipients: [String]

    public init(recipients: [String]) { self.recipients = recipients }
}
