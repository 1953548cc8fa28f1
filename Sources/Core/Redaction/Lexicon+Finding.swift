/// A spelling of a pattern in a text.
struct Match {
    var start: Int
    var end: Int
    var label: Label

    /// What stands in its place.
    struct Label: Hashable {
        var name: Int
        var view: RedactionView
    }
}

/// What a place of a text is the beginning of.
struct Finding {
    /// The longest spelling that begins here.
    var match: Match?
    /// The most of a pattern that the text's end leaves visible: a match up to that end, and how many of its bytes behind the public head are seen.
    var fragment: (match: Match, byteCount: Int)?
    /// Whether more text could change the answer.
    var isOpen = false
    var beginsMember = false

    /// Takes a longer match, and the wish for more text, of another spelling.
    fileprivate mutating func merge(_ trail: Trail, at start: Int, end textEnd: Int, as view: RedactionView, _ patterns: [Pattern]) {
        isOpen = isOpen || trail.isOpen
        if let end = trail.end, end > match?.end ?? start {
            match = Match(start: start, end: end, label: .init(name: patterns[trail.pattern].name, view: view))
        }
        // Patterns that agree so far have the same public head, as far as it was seen.
        if let open = trail.openPattern, case let count = trail.depth - patterns[open].publicHead, count > fragment?.byteCount ?? 0 {
            fragment = (Match(start: start, end: textEnd, label: .init(name: patterns[open].name, view: view)), count)
        }
    }
}

/// How far one reader came along the patterns.
private struct Trail {
    /// Where the longest complete pattern ends.
    var end: Int?
    var pattern = 0
    /// How many bytes were compared, and one of the patterns that agreed when the text ended.
    var depth = 0
    var openPattern: Int?
    var isOpen = false
    /// Just after the last byte that was read.
    var reach: Int

    init(depth: Int = 0, reach: Int) {
        self.depth = depth
        self.reach = reach
    }

    mutating func complete(_ pattern: Int, _ closing: (end: Int, isOpen: Bool)) {
        self.pattern = pattern
        end = closing.end
        isOpen = isOpen || closing.isOpen
    }
}

extension Lexicon {
    /// What begins at a place, in every view that is hinted at.
    func finding(at place: Int, _ hints: Hints, in text: LentBytes) -> Finding {
        var hints = hints
        var finding = Finding()
        func follow(_ reader: some SpellingReader, as view: RedactionView) {
            finding.merge(trail(of: reader, in: text), at: place, end: text.count, as: view, index.patterns)
        }
        if hints.contains(.plain) || hints.contains(.short) {
            let reader = RawReader(position: place)
            let raw = hints.contains(.short) ? fullTrail(of: reader, in: text, shortest: 1) : trail(of: reader, in: text)
            finding.merge(raw, at: place, end: text.count, as: .raw, index.patterns)
            for index in place..<raw.reach {
                if text[index] == .backslash { hints.insert(.json) }
                if text[index] == .percentSign || text[index] == UInt8(ascii: "+") { hints.insert(.percent) }
            }
        }
        if hints.contains(.json) {
            follow(JSONReader(at: place, escapesAreBytes: false), as: .json)
            if traits.hasHighBytes { follow(JSONReader(at: place, escapesAreBytes: true), as: .json) }
        }
        if hints.contains(.percent) {
            follow(PercentReader(at: place, plusIsSpace: false), as: .percent)
            if traits.hasSpaces { follow(PercentReader(at: place, plusIsSpace: true), as: .percent) }
        }
        if hints.contains(.base64Skipping0) { follow(Base64Reader(at: place, skippedBits: 0), as: .base64) }
        if hints.contains(.base64Skipping2) { follow(Base64Reader(at: place, skippedBits: 2), as: .base64) }
        if hints.contains(.base64Skipping4) { follow(Base64Reader(at: place, skippedBits: 4), as: .base64) }
        if hints.contains(.hex) { follow(HexReader(at: place), as: .hex) }
        if hints.contains(.member) { finding.sniffMember(at: place, in: text) }
        return finding
    }

    /// Follows a reader from the head that its first four bytes make.
    private func trail(of start: some SpellingReader, in text: LentBytes) -> Trail {
        var reader = start
        var head: UInt32 = 0
        for _ in 0..<Pattern.shortestEncoded {
            switch reader.next(in: text) {
            case .byte(let byte): head = head << 8 | UInt32(byte)
            case .foreign: return Trail(reach: reader.position)
            case .cut: return fullTrail(of: start, in: text, shortest: Pattern.shortestEncoded)
            }
        }
        return narrowing(index.patterns(withHead: head), depth: 4, with: &reader, in: text, shortest: Pattern.shortestEncoded)
    }

    /// Follows a reader from its first byte on; `shortest` is the least length of a pattern that counts.
    private func fullTrail(of start: some SpellingReader, in text: LentBytes, shortest: Int) -> Trail {
        var reader = start
        return narrowing(index.patterns.indices, depth: 0, with: &reader, in: text, shortest: shortest)
    }

    /// Narrows a range of patterns, which agree with the `depth` bytes read so far, until none or only complete ones are left.
    private func narrowing(
        _ patterns: Range<Int>, depth: Int, with reader: inout some SpellingReader, in text: LentBytes, shortest: Int
    ) -> Trail {
        var range = patterns
        var trail = Trail(depth: depth, reach: reader.position)
        reading: while !range.isEmpty {
            if range.count == 1 { trail.depth += reader.pass(index.rest(of: range.lowerBound, from: trail.depth), in: text) }
            if index.patterns[range.lowerBound].length == trail.depth {
                if trail.depth >= shortest { trail.complete(range.lowerBound, reader.closing(in: text)) }
                range.removeFirst()
                if range.isEmpty { break }
            }
            switch reader.next(in: text) {
            case .byte(let byte):
                range = index.narrowed(range, depth: trail.depth, by: byte)
                trail.depth += 1
            case .foreign: break reading
            case .cut:
                trail.isOpen = true
                trail.openPattern = range.lowerBound
                break reading
            }
        }
        trail.reach = reader.position
        return trail
    }
}

extension Finding {
    fileprivate mutating func sniffMember(at place: Int, in text: LentBytes) {
        switch CompressedMember.sniff(at: place, in: text) {
        case .found: beginsMember = true
        case .cut: isOpen = true
        case .nothing: break
        }
    }
}
