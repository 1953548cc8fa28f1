/// How much a backup holds. It ends with these numbers, so that nothing of it can be missing unnoticed.
package struct BackupCounts: Sendable, Equatable {
    package var projects: Int64 = 0
    package var environments: Int64 = 0
    /// Versions of the policy.
    package var policies: Int64 = 0
    package var secrets: Int64 = 0
    package var versions: Int64 = 0
    package var values: Int64 = 0
    /// How many bytes the values have together.
    package var valueBytes: Int64 = 0
}
