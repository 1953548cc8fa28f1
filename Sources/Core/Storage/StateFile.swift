/// A few bytes that are kept outside the vault: what was last seen of the log, what waits to be audited.
package protocol StateFile: Sendable {
    /// The bytes as they were last stored; nil when there are none.
    func load() throws -> [UInt8]?
    /// Replaces the bytes.
    func store(_ bytes: [UInt8]) throws
    /// Adds bytes at the end, durably.
    func append(_ bytes: [UInt8]) throws
}
