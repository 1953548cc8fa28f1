extension PasswordHashParameters {
    /// The PHC string without the hash: `$argon2id$v=19$m=65536,t=3,p=4$SALT`, the salt in base64 without padding.
    package var phcString: String { "$argon2id$v=19$m=\(memoryKiB),t=\(passes),p=\(lanes)$\(UnpaddedBase64.text(salt))" }

    /// Reads exactly what `phcString` writes; every other text, an equivalent one too, is refused.
    package init(parsing text: some StringProtocol) throws(PasswordHashError) {
        let parts = text.utf8.split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false).map { Array($0) }
        guard parts.count == 5, parts[0].isEmpty else { throw .malformed }
        guard parts[1] == Array("argon2id".utf8), parts[2] == Array("v=19".utf8) else { throw .unknownAlgorithm }
        let costs = parts[3].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard costs.count == 3,
            let memory = Self.number(costs[0], named: "m="), let passes = Self.number(costs[1], named: "t="),
            let lanes = Self.number(costs[2], named: "p="), let salt = UnpaddedBase64.bytes(parts[4])
        else { throw .malformed }
        try self.init(memoryKiB: memory, passes: passes, lanes: lanes, salt: salt)
    }

    /// A decimal without sign or leading zero, of at most ten digits.
    private static func number(_ text: ArraySlice<UInt8>, named name: String) -> Int? {
        guard text.starts(with: name.utf8) else { return nil }
        let digits = text.dropFirst(name.utf8.count)
        guard (1...10).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) }), digits.first != 48 else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 48) }
    }
}

/// Base64 (RFC 4648 §4) without padding, canonical: unused bits are zero.
private enum UnpaddedBase64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func text(_ bytes: [UInt8]) -> String {
        var digits: [UInt8] = []
        var (bits, count) = (0, 0)
        for byte in bytes {
            (bits, count) = (bits << 8 | Int(byte), count + 8)
            while count >= 6 {
                count -= 6
                digits.append(alphabet[bits >> count & 63])
            }
            bits &= 63
        }
        if count > 0 { digits.append(alphabet[bits << (6 - count) & 63]) }
        return String(decoding: digits, as: UTF8.self)
    }

    static func bytes(_ digits: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        var (bits, count) = (0, 0)
        for digit in digits {
            guard let value = alphabet.firstIndex(of: digit) else { return nil }
            (bits, count) = (bits << 6 | value, count + 6)
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(bits >> count & 255))
                bits &= 1 << count - 1
            }
        }
        return count < 6 && bits == 0 ? bytes : nil
    }
}
