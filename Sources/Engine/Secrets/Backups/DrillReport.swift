/// What a drill found: a backup was restored, and held against the vault that it is of.
package struct DrillReport: Sendable {
    package var summary: BackupSummary
    /// What was compared, and found the same unless it counts as different.
    package var versions = 0
    package var values = 0
    package var policies = 0
    /// Versions, values, descriptions and policies that are not as they are in the vault.
    package var differences = 0
    /// Secrets whose names, tags or times were changed since the backup: those are not compared.
    package var changed = 0
    /// Secrets that were made since the backup, deleted ones included.
    package var added = 0
    /// Versions that came since the backup, those of secrets that were made since among them.
    package var newer = 0
    /// Versions of the policy that came since the backup.
    package var newerPolicies = 0
    /// Secrets of the backup that the vault has no more.
    package var gone = 0
}
