/// The windows by which the spellings of a pattern are found: characters 1 to 4 of what a spelling can begin with.
///
/// Character 0 is left out because in base64 it may belong to the neighbour by half. Beginnings with a line break or an escape among
/// characters 0 to 4 have no window: every such place of a text is examined.
enum Windows {
    /// Gives each window of a pattern, the first character lowest, with what it hints at.
    static func forEach(of pattern: LentBytes, _ body: (UInt32, Hints) -> Void) {
        guard pattern.count >= Pattern.shortestEncoded else { return }
        if pattern.count > Pattern.shortestEncoded { plain(pattern, body) }
        let head = pattern.word(at: 0).byteSwapped
        for (skippedBits, hint) in [(0, Hints.base64Skipping0), (2, .base64Skipping2), (4, .base64Skipping4)] {
            base64(head, skippedBits: skippedBits) { body($0, hint) }
        }
        for digits in hexDigits {
            hex((0..<8).map { digits[Int(head >> (28 - 4 * UInt32($0))) & 15] }) { body($0, .hex) }
        }
    }

    private static func plain(_ pattern: LentBytes, _ body: (UInt32, Hints) -> Void) {
        body(pattern.word(at: 1), .plain)
        let form = (1...4).map { pattern[$0] == UInt8(ascii: " ") ? UInt8(ascii: "+") : pattern[$0] }
        if form.contains(UInt8(ascii: "+")) { body(word(form), .percent) }
    }

    private static func base64(_ head: UInt32, skippedBits: Int, _ body: (UInt32) -> Void) {
        let sextets = (1...4).map { Int(head >> UInt32(26 + skippedBits - 6 * $0)) & 63 }
        let uncertain = sextets.indices.filter { sextets[$0] >= 62 }
        for choice in 0..<(1 << uncertain.count) {
            var characters = sextets.map { alphabet[$0] }
            for (bit, index) in uncertain.enumerated() where choice >> bit & 1 == 1 {
                characters[index] = sextets[index] == 62 ? UInt8(ascii: "-") : UInt8(ascii: "_")
            }
            body(word(characters))
        }
    }

    /// Bare digits, each separator that a reader knows, and the two prefixes.
    private static func hex(_ digits: [UInt8], _ body: (UInt32) -> Void) {
        let prefix = UInt8(ascii: "x")
        body(word(Array(digits[1...4])))
        for separator in ": -,".utf8 {
            body(word([digits[1], separator, digits[2], digits[3]]))
            body(word([digits[1], separator, UInt8(ascii: " "), digits[2]]))
            body(word([digits[1], digits[2], digits[3], separator]))
        }
        for next in ":, -0\\".utf8 { body(word([prefix, digits[0], digits[1], next])) }
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let hexDigits = [Array("0123456789abcdef".utf8), Array("0123456789ABCDEF".utf8)]

    private static func word(_ bytes: [UInt8]) -> UInt32 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}
