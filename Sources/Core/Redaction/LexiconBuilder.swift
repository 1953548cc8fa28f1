/// Fills a lexicon's tables.
@safe
struct LexiconBuilder {
    private let memory: UnsafeMutableRawBufferPointer
    private let layout: LexiconTable.Layout
    private let views: RedactionViews

    /// The memory is zeroed, and as large as the layout says.
    @unsafe
    init(_ memory: UnsafeMutableRawBufferPointer, _ layout: LexiconTable.Layout, _ views: RedactionViews) {
        unsafe self.memory = memory
        self.layout = layout
        self.views = views
        for byte in UInt8.min...UInt8.max {
            if EscapeLead.isLead(byte) || EscapeLead.mayBeginGap(byte) { mark(byte, .turn) }
            if EscapeLead.isLead(byte) { mark(byte, .lead) }
            if byte.hexDigit != nil { mark(byte, .digit) }
        }
    }

    /// Takes a pattern's landmarks and beginnings.
    func insert(_ pattern: LentBytes, _ landmarks: Landmarks) {
        guard pattern.count >= Pattern.shortestEncoded else { return mark(pattern[0], .short) }
        let lacks = landmarks.forEach(of: pattern, views) { insert($0, reach: $1) }
        insertPlain(pattern, isRare: lacks.contains(.plain))
        if views.contains(.base64) { insertBase64(pattern, isRare: lacks.contains(.base64)) }
        if views.contains(.hex) { insertHex(pattern, isRare: lacks.contains(.hex)) }
    }

    private func mark(_ byte: UInt8, _ beginning: Beginning) {
        unsafe memory[LexiconTable.Layout.beginnings + Int(byte)] |= beginning.rawValue
    }

    private func insert(_ window: UInt64, reach: Int) {
        let (word, bits) = layout.markSlot(window)
        let marked = unsafe memory.load(fromByteOffset: word, as: UInt64.self)
        unsafe memory.storeBytes(of: marked | bits, toByteOffset: word, as: UInt64.self)
        let fingerprint = LexiconTable.Layout.fingerprint(window)
        var slot = layout.entrySlot(window)
        while true {
            let offset = layout.offset(ofEntry: slot)
            let entry = unsafe memory.load(fromByteOffset: offset, as: UInt32.self)
            if entry == 0 || entry >> LexiconTable.Layout.reachBits == fingerprint {
                let longest = max(UInt32(min(reach, Int(LexiconTable.Layout.longestReach))), entry & LexiconTable.Layout.longestReach)
                let new = fingerprint << LexiconTable.Layout.reachBits | longest
                unsafe memory.storeBytes(of: new.littleEndian, toByteOffset: offset, as: UInt32.self)
                return
            }
            slot = layout.entry(after: slot)
        }
    }

    /// Takes the first four bytes of a spelling.
    private func insert(_ first: UInt8, _ second: UInt8, _ third: UInt8, _ fourth: UInt8, isRare: Bool) {
        mark(first, isRare ? [.first, .rareFirst] : .first)
        let any = UInt32(LexiconTable.anyByte)
        let two = UInt32(first) | UInt32(second) << 8
        let three = two | UInt32(third) << 16
        for head in [two | any << 16 | any << 24, three | any << 24, three | UInt32(fourth) << 24] {
            set(layout.headSlot(head, isRare: false))
            if isRare { set(layout.headSlot(head, isRare: true)) }
        }
    }

    private func set(_ slot: (byte: Int, bit: UInt8)) { unsafe memory[slot.byte] |= 1 << slot.bit }

    /// As it is, and in UTF-16.
    private func insertPlain(_ pattern: LentBytes, isRare: Bool) {
        insert(pattern[0], pattern[1], pattern[2], pattern[3], isRare: isRare)
        guard views.contains(.utf16) else { return }
        let head = (0..<min(8, pattern.count)).map { pattern[$0] }
        let units = Array(String(decoding: head, as: UTF8.self).utf16.prefix(2))
        guard units.count == 2 else { return }
        let bytes = units.map { (low: UInt8($0 & 255), high: UInt8($0 >> 8)) }
        insert(bytes[0].low, bytes[0].high, bytes[1].low, bytes[1].high, isRare: isRare)
        insert(bytes[0].high, bytes[0].low, bytes[1].high, bytes[1].low, isRare: isRare)
    }

    private func insertBase64(_ pattern: LentBytes, isRare: Bool) {
        for skippedBits in [0, 2, 4] {
            let digits = (1..<4).map { Base64Digits.characters(of: Base64Digits.sextet($0, of: pattern, skippedBits)) }
            let known = Base64Digits.sextet(0, of: pattern, skippedBits)
            for shared in 0..<UInt8(1 << skippedBits) {
                let first = Base64Digits.characters(of: shared << UInt8(6 - skippedBits) | known)
                for choice in 0..<16 {
                    func digit(_ index: Int) -> UInt8 {
                        let both = index == 0 ? first : digits[index - 1]
                        return choice >> index & 1 == 0 ? both.0 : both.1
                    }
                    // Where both alphabets agree there is no choice.
                    guard choice == 0 || hasChoice(choice, first, digits) else { continue }
                    insert(digit(0), digit(1), digit(2), digit(3), isRare: isRare)
                }
            }
        }
    }

    private func hasChoice(_ choice: Int, _ first: (UInt8, UInt8), _ rest: [(UInt8, UInt8)]) -> Bool {
        (0..<4).allSatisfy { index in
            let both = index == 0 ? first : rest[index - 1]
            return choice >> index & 1 == 0 || both.0 != both.1
        }
    }

    private func insertHex(_ pattern: LentBytes, isRare: Bool) {
        for isCapital in [false, true] {
            func digits(_ byte: UInt8) -> (UInt8, UInt8) { (HexDigits.digit(byte >> 4, isCapital), HexDigits.digit(byte & 15, isCapital)) }
            let ((first, second), (third, fourth)) = (digits(pattern[0]), digits(pattern[1]))
            insert(first, second, third, fourth, isRare: isRare)
            for separator in " \t:-,".utf8 {
                for next in [third, UInt8(ascii: "0"), UInt8(ascii: " "), UInt8(ascii: "\t")] {
                    insert(first, second, separator, next, isRare: isRare)
                }
            }
            insert(UInt8(ascii: "0"), UInt8(ascii: "x"), first, second, isRare: isRare)
            // The first word, swapped; where the first byte is in a word of its own, two digits are all that is known of it.
            if !isCapital { insert(third, fourth, first, second, isRare: isRare) }
        }
    }
}
