/// The windows by which the spellings of a pattern are found: four characters each, the first of them character 1 of what a spelling begins with.
///
/// Character 0 is left out because in base64 it may belong to the neighbour by half. Where an escape or a gap stands among the characters, windows are
/// made of what a reader makes of the text.
struct Windows {
    /// How many windows of each spelling are wanted: those that begin with characters 1 to `stride`.
    let stride: Int
    let views: RedactionViews
    let filter: WindowFilter.Builder

    func insert(_ pattern: LentBytes) {
        guard pattern.count >= Pattern.shortestEncoded else { return }
        let head = (0..<min(pattern.count, 4 + stride)).map { pattern[$0] }
        if pattern.count > Pattern.shortestEncoded { insert(head, .plain) }
        if views.contains(.base64) { insertBase64(head) }
        if views.contains(.hex) { insertHex(head) }
        if views.contains(.utf16) { insertUTF16(head) }
    }

    private func insert(_ characters: [UInt8], _ hint: Hints) {
        for number in 1...stride where number + 4 <= characters.count { filter.insert(number, Self.word(characters[number..<number + 4]), hint) }
        for (first, second) in zip(characters.prefix(4), characters.dropFirst()) { filter.insertPair(first, second) }
    }

    private func insertBase64(_ head: [UInt8]) {
        let bits = (0..<8).reduce(UInt64(0)) { $0 << 8 | UInt64($1 < head.count ? head[$1] : 0) }
        for (skippedBits, hint) in [(0, Hints.base64Skipping0), (2, .base64Skipping2), (4, .base64Skipping4)] {
            let count = (8 * head.count + skippedBits) / 6
            let sextets = (0..<min(count, 4 + stride)).map { $0 == 0 ? 0 : Int(bits >> UInt64(58 + skippedBits - 6 * $0)) & 63 }
            for number in 1...stride where number + 4 <= sextets.count { insertBase64(number, sextets[number..<number + 4], hint) }
            let known = Int(bits >> UInt64(58 + skippedBits)) & 63
            for shared in 0..<(1 << skippedBits) { insertPair(shared << (6 - skippedBits) | known, sextets[1]) }
            for (first, second) in zip(sextets[1...], sextets[2...].prefix(3)) { insertPair(first, second) }
        }
    }

    /// Two sextets side by side, in each of the ways that two alphabets allow.
    private func insertPair(_ first: Int, _ second: Int) {
        for first in Self.characters(of: first) {
            for second in Self.characters(of: second) { filter.insertPair(first, second) }
        }
    }

    private static func characters(of sextet: Int) -> [UInt8] {
        switch sextet {
        case 62: [UInt8(ascii: "+"), UInt8(ascii: "-")]
        case 63: [UInt8(ascii: "/"), UInt8(ascii: "_")]
        default: [alphabet[sextet]]
        }
    }

    /// One window, in each of the ways that two alphabets allow.
    private func insertBase64(_ number: Int, _ sextets: ArraySlice<Int>, _ hint: Hints) {
        let uncertain = sextets.indices.filter { sextets[$0] >= 62 }
        for choice in 0..<(1 << uncertain.count) {
            var characters = sextets.map { Self.alphabet[$0] }
            for (bit, index) in uncertain.enumerated() where choice >> bit & 1 == 1 {
                characters[index - sextets.startIndex] = UInt8(ascii: sextets[index] == 62 ? "-" : "_")
            }
            filter.insert(number, Self.word(characters[...]), hint)
        }
    }

    /// Bare digits, groups of any size between blanks, each separator that a reader knows, and the prefix.
    private func insertHex(_ head: [UInt8]) {
        for digits in Self.hexDigits {
            let bytes = head.prefix(4).map { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
            for separator in Self.separators {
                for groups in separator.isEmpty ? 0..<1 : 1..<8 { insert(Self.joined(bytes) { groups >> $0 & 1 == 1 ? separator : [] }, .hex) }
                insert(Array("0x".utf8) + Self.joined(bytes) { _ in separator + Array("0x".utf8) }, .hex)
            }
        }
    }

    private static func joined(_ bytes: [[UInt8]], separator: (Int) -> [UInt8]) -> [UInt8] {
        bytes.indices.flatMap { $0 == 0 ? bytes[0] : separator($0 - 1) + bytes[$0] }
    }

    private func insertUTF16(_ head: [UInt8]) {
        // The head may be cut within a character: what would be shown for it is no part of the value.
        let units = Array(String(decoding: head, as: UTF8.self).utf16.prefix { $0 != 0xfffd })
        let bytes = units.map { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        insert(bytes.flatMap(\.self), .utf16)
        insert(bytes.flatMap { $0.reversed() }, .utf16)
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let hexDigits = [Array("0123456789abcdef".utf8), Array("0123456789ABCDEF".utf8)]
    private static let separators = ["", " ", "\t", "  ", ":", ": ", "-", "- ", ",", ", "].map { Array($0.utf8) }

    private static func word(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) } }
}
