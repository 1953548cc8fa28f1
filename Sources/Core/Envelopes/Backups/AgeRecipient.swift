/// A public key of the kind that `age-keygen` makes, `age1…` (C2SP age, "The X25519 recipient type").
package struct AgeRecipient: Sendable, Equatable {
    /// The 32 bytes of the X25519 public key.
    let publicKey: [UInt8]

    /// Reads the text of a recipient strictly.
    package init(parsing text: String) throws(BackupError) {
        guard let (label, bytes) = Bech32.decode(text), label == "age", bytes.count == 32 else { throw .unknownRecipient }
        publicKey = bytes
    }

    package var text: String { Bech32.encode("age", publicKey) }
}

/// The text form of a short public thing, with a checksum (BIP 173, without its limit of 90 characters, as age uses it).
enum Bech32 {
    private static let alphabet = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)

    /// The label and the bytes; nil for anything that `encode` does not print in lower case.
    static func decode(_ text: String) -> (label: String, bytes: [UInt8])? {
        let characters = Array(text.utf8)
        guard characters.count <= 200, let separator = characters.lastIndex(of: UInt8(ascii: "1")), separator > 0 else { return nil }
        let digits = characters[(separator + 1)...].compactMap { alphabet.firstIndex(of: $0).map(UInt32.init) }
        guard digits.count == characters.count - separator - 1, digits.count >= 6 else { return nil }
        let label = characters[..<separator]
        guard label.allSatisfy({ (97...122).contains($0) }), checksum(expanded(label) + digits) == 1 else { return nil }
        guard let bytes = regrouped(digits.dropLast(6), from: 5, to: 8, pads: false) else { return nil }
        return (String(decoding: label, as: UTF8.self), bytes.map { UInt8($0) })
    }

    static func encode(_ label: String, _ bytes: [UInt8]) -> String {
        let digits = regrouped(bytes.map(UInt32.init)[...], from: 8, to: 5, pads: true) ?? []
        let sum = checksum(expanded(Array(label.utf8)[...]) + digits + [0, 0, 0, 0, 0, 0]) ^ 1
        let all = digits + (0..<6).map { sum >> (25 - 5 * UInt32($0)) & 31 }
        return label + "1" + String(decoding: all.map { alphabet[Int($0)] }, as: UTF8.self)
    }

    private static func expanded(_ label: ArraySlice<UInt8>) -> [UInt32] { label.map { UInt32($0 >> 5) } + [0] + label.map { UInt32($0 & 31) } }

    private static func checksum(_ values: [UInt32]) -> UInt32 {
        let generators: [UInt32] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3]
        return values.reduce(1) { sum, value in
            let top = sum >> 25
            let next = (sum & 0x1ff_ffff) << 5 ^ value
            return generators.enumerated().reduce(next) { $0 ^ (top >> UInt32($1.offset) & 1 == 1 ? $1.element : 0) }
        }
    }

    /// Cuts bits into groups of another size. Bits that are left over are filled up, or must be fewer than a group and zero.
    private static func regrouped(_ values: ArraySlice<UInt32>, from: UInt32, to: UInt32, pads: Bool) -> [UInt32]? {
        var (held, bits): (UInt32, UInt32) = (0, 0)
        var groups: [UInt32] = []
        for value in values {
            held = (held << from | value) & 0xfff
            bits += from
            while bits >= to {
                bits -= to
                groups.append(held >> bits & ((1 << to) - 1))
            }
        }
        if pads { return bits > 0 ? groups + [held << (to - bits) & ((1 << to) - 1)] : groups }
        return bits < from && held & ((1 << bits) - 1) == 0 ? groups : nil
    }
}
