import Auditing
import Envelopes
import Model
import Storage

/// Remembers the head of the log outside the vault file, so that an older copy of the file is noticed.
struct HeadMemory: Sendable {
    let file: any StateFile
    let key: MACKey
    let organization: OrganizationID

    /// What was seen last; nil when nothing was, or when the file does not speak of this organization.
    func recall() throws -> RememberedHead? { try file.load().flatMap { RememberedHead(decoding: $0, under: key, organization: organization) } }

    /// It is a witness: losing one update only makes it remember less.
    func remember(_ head: LogHead) {
        guard head.size > 0 else { return }
        let seen = RememberedHead(size: head.size, chain: head.chain)
        try? file.store(seen.encoded(under: key, organization: organization))
    }
}
