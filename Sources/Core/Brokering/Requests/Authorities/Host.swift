/// The host of a request: a name of DNS in lower case, or an address.
package enum Host: Sendable, Hashable {
    case name(String)
    case address(IPAddress)

    /// The longest name, and the longest part of one, in characters (RFC 1035 §2.3.4).
    static let maximumLengths = (name: 253, label: 63)

    /// Reads a host as it stands in an authority, an IPv6 address in brackets.
    ///
    /// What is accepted is less than URLs allow: only what every resolver, certificate and URL library reads as the same host. That leaves out an
    /// underscore too. No certificate that a public authority may issue names such a host (CA/Browser Forum ballot SC12), so no token would travel
    /// to one over TLS.
    init(parsing text: ArraySlice<UInt8>) throws(RequestRefusal) {
        guard let first = text.first else { throw .hostMissing }
        if first == UInt8(ascii: "[") {
            self = .address(try Self.literal(text))
            return
        }
        guard text.allSatisfy({ $0 < 0x80 }) else { throw .hostNotASCII }
        guard text.last != UInt8(ascii: ".") else { throw .hostTrailingDot }
        let labels = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        for label in labels { try Self.check(label) }
        guard text.count <= Self.maximumLengths.name else { throw .hostTooLong }
        if let last = labels.last, Self.readsAsNumber(last) {
            guard let address = IPAddress(dottedDecimal: text) else { throw .hostAmbiguousAddress }
            self = .address(address)
        } else {
            self = .name(String(decoding: text.lowercasedBytes, as: UTF8.self))
        }
    }

    private static func literal(_ text: ArraySlice<UInt8>) throws(RequestRefusal) -> IPAddress {
        guard !text.contains(UInt8(ascii: "%")) else { throw .hostZone }
        guard text.last == UInt8(ascii: "]"), let address = IPAddress(hexadecimalGroups: text.dropFirst().dropLast()) else { throw .hostBadLiteral }
        return address
    }

    /// Letters, digits and dashes, a dash neither first nor last. Labels of international names (`xn--…`) are such labels and stay as they are.
    private static func check(_ label: ArraySlice<UInt8>) throws(RequestRefusal) {
        let dash = UInt8(ascii: "-")
        guard let first = label.first, let last = label.last else { throw .hostEmptyLabel }
        guard label.allSatisfy({ $0.isLetter || $0.isDigit || $0 == dash }), first != dash, last != dash else { throw .hostIllegal }
        guard label.count <= maximumLengths.label else { throw .hostTooLong }
    }

    /// Whether a last label makes some program read the whole host as an IPv4 address: digits, or `0x` and hexadecimal digits or nothing (WHATWG URL,
    /// "ends in a number").
    private static func readsAsNumber(_ label: ArraySlice<UInt8>) -> Bool {
        if label.allSatisfy({ $0.isDigit }) { return true }
        guard label.first == UInt8(ascii: "0"), label.dropFirst().first?.lowercased == UInt8(ascii: "x") else { return false }
        return label.dropFirst(2).allSatisfy { $0.hexadecimalValue != nil }
    }
}

extension Host: CustomStringConvertible {
    /// As it stands in an authority.
    package var description: String {
        switch self {
        case .name(let name): name
        case .address(let address): address.bytes.count == 16 ? "[\(address)]" : address.description
        }
    }
}
