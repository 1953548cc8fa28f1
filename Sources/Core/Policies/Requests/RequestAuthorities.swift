import Crypto

/// The certificates, in PEM, that a rule's hosts are verified against in place of the system's.
///
/// Only their frame is read here: whether each is a certificate is seen by whoever verifies with it, and one that is none verifies nobody.
package struct RequestAuthorities: Sendable, Hashable {
    package static let maximumBytes = 64 << 10

    /// One certificate after another, each in its frame, lines ended by a line feed.
    package let pem: String
    package let count: Int

    private static let frame = (begin: "-----BEGIN CERTIFICATE-----", end: "-----END CERTIFICATE-----")

    /// Why a text is none.
    package enum Problem: Error, Sendable, Equatable {
        case malformed
        /// What should be told to nobody stands where certificates should.
        case privateKey
        case tooLong
    }

    package init(_ text: String) throws(Problem) {
        guard text.utf8.count <= Self.maximumBytes else { throw .tooLong }
        guard !text.contains("PRIVATE KEY") else { throw .privateKey }
        var (lines, inside, count): ([String], [String]?, Int) = ([], nil, 0)
        for line in text.split(whereSeparator: \.isNewline).map(Self.trimmed) where !line.isEmpty {
            switch (line, inside) {
            case (Self.frame.begin, nil): inside = []
            case (Self.frame.end, let body?):
                guard Self.isBody(body) else { throw .malformed }
                lines += [Self.frame.begin] + body + [Self.frame.end]
                (inside, count) = (nil, count + 1)
            case (_, let body?): inside = body + [line]
            default: throw .malformed
            }
        }
        guard count > 0, inside == nil else { throw .malformed }
        pem = lines.joined(separator: "\n") + "\n"
        self.count = count
    }

    private static func trimmed(_ line: Substring) -> String {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        var line = line.drop(while: isBlank)
        while let last = line.last, isBlank(last) { line.removeLast() }
        return String(line)
    }

    /// Base64 of a DER sequence, which begins with `M`, padded at its end alone.
    private static func isBody(_ lines: [String]) -> Bool {
        let text = Array(lines.joined().utf8)
        guard text.first == UInt8(ascii: "M"), text.count >= 64, text.count.isMultiple(of: 4), lines.allSatisfy({ $0.utf8.count <= 76 }) else {
            return false
        }
        let padding = text.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        return padding <= 2 && text.dropLast(padding).allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/")
        }
    }

    /// How many there are, and which: the beginning of the SHA-256 of the text.
    package var words: String {
        let mark = (ProgramFingerprint(bytes: Array(SHA256.hash(data: Array(pem.utf8))))?.description ?? "").prefix(16)
        return "\(count == 1 ? "1 certificate" : "\(count) certificates") of its own, \(mark)…"
    }
}
