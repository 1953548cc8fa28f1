/// An address of IPv4 or IPv6.
package struct IPAddress: Sendable, Hashable {
    /// In the order of the network: 4 or 16.
    package let bytes: [UInt8]

    /// Nil for another number of bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// Reads four decimal numbers without leading zeros; nil for anything else.
    ///
    /// Octal, hexadecimal and shorter forms are read by `inet_aton` alone, and by each of its descendants in its own way.
    init?(dottedDecimal text: ArraySlice<UInt8>) {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard (1...3).contains(part.count), part.allSatisfy({ $0.isDigit }), part.count == 1 || part.first != UInt8(ascii: "0") else {
                return nil
            }
            let number = part.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
            guard number <= 255 else { return nil }
            bytes.append(UInt8(number))
        }
        self.bytes = bytes
    }

    /// Reads an address of IPv6 without brackets and zone (RFC 4291 §2.2); nil for anything else.
    init?(hexadecimalGroups text: ArraySlice<UInt8>) {
        let colon = UInt8(ascii: ":")
        let gap = text.indices.dropLast().first { text[$0] == colon && text[$0 + 1] == colon }
        guard let gap else {
            guard let groups = Self.groups(of: text, mayEndInIPv4: true), groups.count == 8 else { return nil }
            bytes = groups.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
            return
        }
        guard let head = Self.groups(of: text[..<gap], mayEndInIPv4: false), let tail = Self.groups(of: text[(gap + 2)...], mayEndInIPv4: true),
            head.count + tail.count <= 7
        else { return nil }
        let zeros = [UInt16](repeating: 0, count: 8 - head.count - tail.count)
        bytes = (head + zeros + tail).flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
    }

    /// The groups of one side of `::`; a second `::` shows as an empty group and is refused.
    private static func groups(of text: ArraySlice<UInt8>, mayEndInIPv4: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if mayEndInIPv4, index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
                guard let address = IPAddress(dottedDecimal: part) else { return nil }
                groups += address.groups
            } else {
                guard (1...4).contains(part.count) else { return nil }
                var group: UInt16 = 0
                for byte in part {
                    guard let digit = byte.hexadecimalValue else { return nil }
                    group = group << 4 | UInt16(digit)
                }
                groups.append(group)
            }
        }
        return groups
    }

    fileprivate var groups: [UInt16] { stride(from: 0, to: bytes.count, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) } }
}

extension IPAddress: CustomStringConvertible {
    /// The one spelling of the address: dotted decimal, or that of RFC 5952 without brackets.
    package var description: String {
        guard bytes.count == 16 else { return bytes.map { String($0) }.joined(separator: ".") }
        if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 255, bytes[11] == 255, let inner = IPAddress(bytes: Array(bytes[12...])) {
            return "::ffff:\(inner)"
        }
        let groups = groups
        let written = { (range: Range<Int>) in groups[range].map { String($0, radix: 16) }.joined(separator: ":") }
        guard let gap = Self.longestZeros(in: groups) else { return written(0..<8) }
        return "\(written(0..<gap.lowerBound))::\(written(gap.upperBound..<8))"
    }

    /// The longest run of two or more zero groups, the first of equals (RFC 5952 §4.2).
    private static func longestZeros(in groups: [UInt16]) -> Range<Int>? {
        var longest = 0..<1
        var start = 0
        for (index, group) in groups.enumerated() {
            guard group == 0 else {
                start = index + 1
                continue
            }
            if index + 1 - start > longest.count { longest = start..<index + 1 }
        }
        return longest.count > 1 ? longest : nil
    }
}
