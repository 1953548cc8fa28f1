import Model

/// A text with signatures below it (C2SP signed-note).
struct SignedNote: Sendable, Hashable {
    /// Many times what a checkpoint with all its witnesses needs.
    static let maximumByteCount = 1 << 16

    /// The text that is signed, its last newline included.
    let text: String
    let signatures: [Signature]

    /// One signature line. Lines of unknown keys are kept and otherwise ignored.
    struct Signature: Sendable, Hashable {
        let name: String
        let keyID: [UInt8]
        let bytes: [UInt8]

        /// The line, its newline included.
        var line: String { "\u{2014} \(name) \(Base64.encode(keyID + bytes))\n" }
    }

    init(text: String, signatures: [Signature]) {
        self.text = text
        self.signatures = signatures
    }

    /// Reads a note strictly; nil when any byte is not as the form says.
    init?(parsing bytes: [UInt8]) {
        guard bytes.count <= Self.maximumByteCount, let whole = String(validating: bytes, as: UTF8.self), NoteText.isClean(whole) else { return nil }
        // The last empty line separates; the first of its two newlines belongs to the text.
        let lines = whole.utf8.split(separator: 0x0a, omittingEmptySubsequences: false)
        guard lines.last?.isEmpty == true, let blank = lines.dropLast().lastIndex(where: \.isEmpty), blank > 0 else { return nil }
        let signatures = lines[(blank + 1)...].dropLast().map { Signature(line: Substring($0)) }
        guard !signatures.isEmpty, !signatures.contains(nil) else { return nil }
        text = lines[..<blank].map { Substring($0) + "\n" }.joined()
        self.signatures = signatures.compactMap(\.self)
    }

    /// The note as it is stored and handed on.
    var bytes: [UInt8] { Array((text + "\n" + signatures.map(\.line).joined()).utf8) }
}

extension SignedNote.Signature {
    fileprivate init?(line: Substring) {
        let parts = line.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "\u{2014}", NoteText.isKeyName(parts[1]), let blob = Base64.decode(parts[2]), blob.count > 4
        else { return nil }
        self.init(name: String(parts[1]), keyID: Array(blob[..<4]), bytes: Array(blob[4...]))
    }
}

/// What may stand in a note (C2SP signed-note).
enum NoteText {
    /// No control characters but newline.
    static func isClean(_ text: some StringProtocol) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0a } }

    /// One line with something in it.
    static func isLine(_ text: some StringProtocol) -> Bool { !text.isEmpty && text.utf8.allSatisfy { $0 >= 0x20 } }

    /// Not empty, without spaces of any kind and without plus.
    static func isKeyName(_ text: some StringProtocol) -> Bool {
        isLine(text) && !text.unicodeScalars.contains { $0.properties.isWhitespace || $0 == "+" }
    }
}
