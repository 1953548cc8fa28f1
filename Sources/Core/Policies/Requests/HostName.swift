/// A host as it is judged and sent: a DNS name in lower case, or an address in its one short form.
enum HostName: Sendable, Hashable {
    case name(String)
    /// An IPv4 address, or an IPv6 address in brackets.
    case address(String)

    /// Reads a host that is in this form already. What would have to be changed first is refused: two readers may change it differently.
    init(_ text: String) throws(HostProblem) {
        guard !text.isEmpty else { throw .empty }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .foreign }
        if text.hasPrefix("[") {
            guard IPv6Text.isCanonical(text.dropFirst().dropLast(text.hasSuffix("]") ? 1 : 0)), text.hasSuffix("]") else { throw .badAddress }
            self = .address(text)
            return
        }
        guard !text.utf8.contains(where: { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }) else { throw .upperCase }
        guard text.utf8.allSatisfy(Self.isNameByte) else { throw .notOnlyHost }
        guard text.utf8.count <= 253 else { throw .tooLong }
        guard !text.hasSuffix(".") else { throw .trailingDot }
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.allSatisfy(Self.isLabel) else { throw .badLabel }
        if labels.last.map(Self.isNumber) == true {
            // Whatever ends in a number some library reads as an address: `127.1` and `0x7f000001` are this machine.
            guard labels.count == 4, labels.allSatisfy(Self.isOctet) else { throw .badAddress }
            self = .address(text)
        } else {
            self = .name(text)
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."): true
        default: false
        }
    }

    /// Letters, digits and hyphens within. Two hyphens behind two characters mark an encoded label (RFC 5890), and `xn--` is the one encoding there is.
    private static func isLabel(_ label: Substring.UTF8View) -> Bool {
        guard (1...63).contains(label.count), label.first != UInt8(ascii: "-"), label.last != UInt8(ascii: "-") else { return false }
        let isMarked = label.count >= 4 && label.dropFirst(2).starts(with: "--".utf8)
        return !isMarked || label.starts(with: "xn--".utf8) && label.count > 4
    }

    /// What the URL standard takes for the last part of an IPv4 address.
    private static func isNumber(_ label: Substring.UTF8View) -> Bool {
        let isDecimal = label.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let isHexadecimal =
            label.starts(with: "0x".utf8)
            && label.dropFirst(2).allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
        return isDecimal || isHexadecimal
    }

    private static func isOctet(_ label: Substring.UTF8View) -> Bool {
        let text = String(decoding: label, as: UTF8.self)
        return UInt8(text).map { String($0) == text } ?? false
    }
}

/// Why a text is no host, or no pattern over hosts.
package enum HostProblem: Error, Equatable, Sendable {
    case empty, foreign, upperCase, notOnlyHost, tooLong, trailingDot, badLabel, badAddress
    /// A `*` that is not the whole first label of a name.
    case misplacedStar
    /// A `*` below names of this machine or its own network.
    case wildcardOnPrivate
    /// A `*` at or above a suffix under which anybody registers names.
    case wildcardOnPublicSuffix
    /// A `*` over names of which each is another customer's.
    case wildcardOnTenants
}

/// IPv6 addresses as text.
enum IPv6Text {
    /// Says whether a text is the one short form of an address (RFC 5952), and none that stands for an IPv4 address: that has a form of its own.
    static func isCanonical(_ text: Substring) -> Bool {
        guard let groups = groups(of: text) else { return false }
        let isMapped = groups[..<5].allSatisfy { $0 == 0 } && groups[5] == 0xFFFF
        return !isMapped && shortest(groups) == text
    }

    private static func groups(of text: Substring) -> [UInt16]? {
        let halves = text.split(separator: "::", maxSplits: 2, omittingEmptySubsequences: false)
        guard (1...2).contains(halves.count) else { return nil }
        let parts = halves.map { half in half.isEmpty ? [] : half.split(separator: ":", omittingEmptySubsequences: false).map(group) }
        let read = parts.map { $0.compactMap(\.self) }
        guard zip(parts, read).allSatisfy({ $0.count == $1.count }) else { return nil }
        let count = read.reduce(0) { $0 + $1.count }
        guard halves.count == 1 ? count == 8 : count < 8 else { return nil }
        return read[0] + [UInt16](repeating: 0, count: 8 - count) + (halves.count == 2 ? read[1] : [])
    }

    private static func group(_ text: Substring) -> UInt16? {
        guard (1...4).contains(text.utf8.count), !text.hasPrefix("+"), !text.hasPrefix("-") else { return nil }
        return UInt16(text, radix: 16)
    }

    /// The longest run of zeros, of two at least and the first among equals, as `::`; the rest without leading zeros.
    private static func shortest(_ groups: [UInt16]) -> String {
        var longest = 0..<0
        var start = 0
        for index in 0...groups.count where index == groups.count || groups[index] != 0 {
            if index - start > max(longest.count, 1) { longest = start..<index }
            start = index + 1
        }
        let words = groups.map { String($0, radix: 16) }
        guard !longest.isEmpty else { return words.joined(separator: ":") }
        return words[..<longest.lowerBound].joined(separator: ":") + "::" + words[longest.upperBound...].joined(separator: ":")
    }
}
