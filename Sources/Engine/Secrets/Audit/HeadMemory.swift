import Auditing
import Envelopes
import Model
import Storage

/// Remembers the head of the log outside the vault file, so that an older copy of the file is noticed.
struct HeadMemory: Sendable {
    let file: any StateFile
    /// That of the organization key in force, then those of former ones, the latest first.
    var keys: [MACKey]
    let organization: OrganizationID

    /// What the file says.
    enum Recollection: Sendable, Equatable {
        /// There is no file: this machine has not seen the vault.
        case nothing
        /// The file is damaged, or is another vault's: an older copy would not be noticed.
        case unreadable
        case head(RememberedHead)
    }

    func recall() throws -> Recollection {
        guard let bytes = try file.load() else { return .nothing }
        return RememberedHead(decoding: bytes, under: keys, organization: organization).map(Recollection.head) ?? .unreadable
    }

    /// It is a witness: losing one update only makes it remember less.
    func remember(_ head: LogHead) {
        guard head.size > 0 else { return }
        let seen = RememberedHead(size: head.size, chain: head.chain)
        try? file.store(seen.encoded(under: keys, organization: organization))
    }
}
