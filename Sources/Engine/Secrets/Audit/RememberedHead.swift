import Envelopes
import Model

/// The head of the log as it was last seen on this machine.
struct RememberedHead: Sendable, Equatable {
    var size: Int64
    var chain: [UInt8]

    func encoded(under key: MACKey, organization: OrganizationID) -> [UInt8] {
        let body = body(organization)
        return body + key.code(over: body)
    }

    /// Reads what `encoded` wrote; nil when it is not of this organization or was changed.
    init?(decoding bytes: [UInt8], under key: MACKey, organization: OrganizationID) {
        guard bytes.count > 32, key.isValid(Array(bytes.suffix(32)), over: Array(bytes.dropLast(32))) else { return nil }
        var reader = CanonicalReader(Array(bytes.dropLast(32)))
        guard (try? reader.text()) == "tacit/v1/remembered-head", (try? reader.id(OrganizationKind.self)) == organization,
            let size = try? reader.int64(), let chain = try? reader.data(), (try? reader.finish()) != nil
        else { return nil }
        self.size = size
        self.chain = chain
    }

    init(size: Int64, chain: [UInt8]) {
        self.size = size
        self.chain = chain
    }

    private func body(_ organization: OrganizationID) -> [UInt8] {
        var writer = CanonicalWriter(capacity: 96)
        writer.write("tacit/v1/remembered-head")
        writer.write(organization)
        writer.write(size)
        writer.write(chain)
        return writer.bytes
    }
}
