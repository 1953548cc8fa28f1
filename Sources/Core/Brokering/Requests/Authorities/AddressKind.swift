/// What an address leads to. Only a global one is anybody's on the internet; every other leads into this machine, its network or its provider.
package enum AddressKind: String, Sendable, CaseIterable {
    case global
    case unspecified, loopback
    /// Networks behind a router, unique local and site-local addresses of IPv6.
    case privateNetwork = "private"
    case linkLocal = "link-local"
    /// Where clouds serve a machine its own credentials.
    case metadata
    /// Shared by the customers of a carrier (RFC 6598).
    case carrierShared = "carrier-shared"
    case multicast, documentation
    /// Everything that is set apart for something else, or not given out yet.
    case reserved
}

extension IPAddress {
    /// What the address leads to, by the address of IPv4 in it where it has one.
    ///
    /// A form with an address inside is no safer than that: the kernel connects to `::ffff:127.0.0.1` over IPv4, and a translator of NAT64 or a
    /// tunnel of 6to4 hands the packet on to the inner address. Where several are inside (Teredo has its server's and its client's), the first that
    /// is not global counts.
    package var kind: AddressKind {
        guard bytes.count == 16 else { return AddressRange.kind(of: bytes, in: AddressRange.version4) ?? .global }
        let inner = AddressEmbedding.all.lazy.filter { $0.range.contains(bytes) }.flatMap { $0.addresses(in: bytes) }
        // `::` and `::1` are of the range of compatible addresses, and are what they are.
        let own = AddressRange.kind(of: bytes, in: AddressRange.version6)
        if let own, own != .global { return own }
        let kinds = inner.map(\.kind)
        if let guarded = kinds.first(where: { $0 != .global }) { return guarded }
        return own ?? (kinds.isEmpty ? .reserved : .global)
    }
}

/// The addresses that begin with the same bits.
struct AddressRange: Sendable {
    let prefix: [UInt8]
    let bits: Int

    init(_ prefix: [UInt8], _ bits: Int) {
        self.prefix = prefix
        self.bits = bits
    }

    func contains(_ bytes: [UInt8]) -> Bool {
        let whole = bits / 8
        guard bytes.prefix(whole).elementsEqual(prefix.prefix(whole)) else { return false }
        guard !bits.isMultiple(of: 8) else { return true }
        let mask = UInt8.max << (8 - bits % 8)
        return bytes[whole] & mask == prefix[whole] & mask
    }

    /// The kind of the first range that has the address.
    static func kind(of bytes: [UInt8], in table: [(AddressRange, AddressKind)]) -> AddressKind? { table.first { $0.0.contains(bytes) }?.1 }
}
