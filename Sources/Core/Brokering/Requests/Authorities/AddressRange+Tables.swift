/// The registries of IANA for special-purpose addresses (RFC 6890 and its successors), and where clouds serve credentials, which is in no registry.
extension AddressRange {
    /// What is not global of IPv4; the narrower range first.
    static let version4: [(AddressRange, AddressKind)] = [
        // AWS, Google Cloud, Azure, DigitalOcean and others; containers on AWS (ECS, EKS); Tencent Cloud.
        (AddressRange([169, 254, 169], 24), .metadata), (AddressRange([169, 254, 170], 24), .metadata),
        (AddressRange([169, 254, 0, 23], 32), .metadata),
        // Alibaba Cloud, Oracle Cloud, and Azure's platform, whose address looks like anybody's.
        (AddressRange([100, 100, 100, 200], 32), .metadata), (AddressRange([192, 0, 0, 192], 32), .metadata),
        (AddressRange([168, 63, 129, 16], 32), .metadata),
        (AddressRange([0, 0, 0, 0], 32), .unspecified), (AddressRange([0], 8), .reserved),
        (AddressRange([127], 8), .loopback),
        (AddressRange([10], 8), .privateNetwork), (AddressRange([172, 16], 12), .privateNetwork), (AddressRange([192, 168], 16), .privateNetwork),
        (AddressRange([100, 64], 10), .carrierShared),
        (AddressRange([169, 254], 16), .linkLocal),
        (AddressRange([192, 0, 2], 24), .documentation), (AddressRange([198, 51, 100], 24), .documentation),
        (AddressRange([203, 0, 113], 24), .documentation),
        // Protocol assignments, relays of 6to4, benchmarks.
        (AddressRange([192, 0, 0], 24), .reserved), (AddressRange([192, 88, 99], 24), .reserved), (AddressRange([198, 18], 15), .reserved),
        (AddressRange([224], 4), .multicast),
        (AddressRange([240], 4), .reserved),
    ]

    /// What IPv6 says of an address itself; the narrower range first. Nothing outside of 2000::/3 was ever given out for global use.
    static let version6: [(AddressRange, AddressKind)] = [
        (AddressRange([UInt8](repeating: 0, count: 16), 128), .unspecified), (AddressRange([UInt8](repeating: 0, count: 15) + [1], 128), .loopback),
        // AWS (also for containers), Google Cloud, Scaleway.
        (AddressRange([0xFD, 0, 0x0E, 0xC2] + [UInt8](repeating: 0, count: 10) + [0x02, 0x54], 128), .metadata),
        (AddressRange([0xFD, 0, 0x0E, 0xC2] + [UInt8](repeating: 0, count: 11) + [0x23], 128), .metadata),
        (AddressRange([0xFD, 0x20, 0, 0xCE] + [UInt8](repeating: 0, count: 10) + [0x02, 0x54], 128), .metadata),
        (AddressRange([0xFD, 0, 0, 0x42] + [UInt8](repeating: 0, count: 11) + [0x42], 128), .metadata),
        (AddressRange([0xFC], 7), .privateNetwork), (AddressRange([0xFE, 0xC0], 10), .privateNetwork),
        (AddressRange([0xFE, 0x80], 10), .linkLocal),
        (AddressRange([0xFF], 8), .multicast),
        (AddressRange([0x20, 0x01, 0x0D, 0xB8], 32), .documentation), (AddressRange([0x3F, 0xFF, 0x00], 20), .documentation),
        // NAT64 of a network's own (RFC 8215): where the inner address stands is known to that network alone.
        (AddressRange([0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01], 48), .reserved),
        // Teredo lies in the range of protocol assignments, and is judged by what is in it.
        (AddressRange([0x20, 0x01, 0x00, 0x00], 32), .global), (AddressRange([0x20, 0x01, 0x00], 23), .reserved),
        (AddressRange([0x20], 3), .global),
    ]
}

/// A form of IPv6 address that has an address of IPv4 in it.
struct AddressEmbedding: Sendable {
    let range: AddressRange
    /// Where the four bytes stand.
    let offset: Int
    var isInverted = false
    /// Bytes that must stand directly before it.
    var lead: [[UInt8]] = []

    func addresses(in bytes: [UInt8]) -> [IPAddress] {
        if !lead.isEmpty, !lead.contains(where: { Array(bytes[(offset - $0.count)..<offset]) == $0 }) { return [] }
        let inner = bytes[offset..<(offset + 4)].map { isInverted ? ~$0 : $0 }
        return [IPAddress(bytes: inner)].compactMap(\.self)
    }

    static let all: [AddressEmbedding] = [
        // Compatible (RFC 4291 §2.5.5.1), mapped (§2.5.5.2), translated (RFC 2765 §2.1).
        AddressEmbedding(range: AddressRange([UInt8](repeating: 0, count: 12), 96), offset: 12),
        AddressEmbedding(range: AddressRange([UInt8](repeating: 0, count: 10) + [255, 255], 96), offset: 12),
        AddressEmbedding(range: AddressRange([UInt8](repeating: 0, count: 8) + [255, 255, 0, 0], 96), offset: 12),
        // NAT64 (RFC 6052), 6to4 (RFC 3056), Teredo's server and client (RFC 4380 §4).
        AddressEmbedding(range: AddressRange([0x00, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0], 96), offset: 12),
        AddressEmbedding(range: AddressRange([0x20, 0x02], 16), offset: 2),
        AddressEmbedding(range: AddressRange([0x20, 0x01, 0, 0], 32), offset: 4),
        AddressEmbedding(range: AddressRange([0x20, 0x01, 0, 0], 32), offset: 12, isInverted: true),
        // ISATAP (RFC 5214 §6.1), under any prefix.
        AddressEmbedding(range: AddressRange([], 0), offset: 12, lead: [[0x00, 0x00, 0x5E, 0xFE], [0x02, 0x00, 0x5E, 0xFE]]),
    ]
}
