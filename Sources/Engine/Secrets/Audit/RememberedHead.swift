import Envelopes
import Model

/// The head of the log as it was last seen on this machine.
struct RememberedHead: Sendable, Equatable {
    var size: Int64
    var chain: [UInt8]

    private static let bodyByteCount = 88

    /// With a code under each key: an older copy of the vault has the earlier ones alone.
    func encoded(under keys: [MACKey], organization: OrganizationID) -> [UInt8] {
        let body = body(organization)
        return body + keys.flatMap { $0.code(over: body) }
    }

    /// Reads what `encoded` wrote under one of these keys, and others; nil when it is not of this organization or was changed.
    init?(decoding bytes: [UInt8], under keys: [MACKey], organization: OrganizationID) {
        let (body, codes) = (Array(bytes.prefix(Self.bodyByteCount)), bytes.dropFirst(Self.bodyByteCount))
        guard !codes.isEmpty, codes.count.isMultiple(of: MACKey.codeByteCount) else { return nil }
        let starts = stride(from: codes.startIndex, to: codes.endIndex, by: MACKey.codeByteCount)
        let isGenuine = starts.contains { start in
            let code = Array(codes[start..<start + MACKey.codeByteCount])
            return keys.contains { $0.isValid(code, over: body) }
        }
        guard isGenuine else { return nil }
        var reader = CanonicalReader(body)
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
