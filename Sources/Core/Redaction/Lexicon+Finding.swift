/// A spelling of a pattern in a text.
struct Match {
    var start: Int
    var end: Int
    var label: Label
    /// Whether it is only the beginning of a value, up to the text's end.
    var isFragment = false

    /// What stands in its place.
    struct Label: Hashable {
        var name: Int
        var view: RedactionView
        /// The encoding around it.
        var outer: RedactionView?

        /// The form as it is told; empty for a value as it is.
        var form: String { (outer.map { "\($0.rawValue)+" } ?? "") + view.rawValue }
    }

    /// The same as the beginning of a value, where no whole one reaches as far.
    func asFragment(beside whole: Match?) -> Match {
        var match = self
        match.isFragment = end > whole?.end ?? start
        return match
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

    /// Takes a longer match, and the wish for more text, of another spelling.
    fileprivate mutating func merge(_ trail: Trail, at start: Int, end textEnd: Int, as view: RedactionView, _ patterns: [Pattern]) {
        merge(trail, at: start, end: textEnd, as: view, openAs: view, patterns)
    }

    fileprivate mutating func merge(
        _ trail: Trail, at start: Int, end textEnd: Int, as view: RedactionView, openAs openView: RedactionView, _ patterns: [Pattern]
    ) {
        isOpen = isOpen || trail.isOpen
        if let end = trail.end, end > match?.end ?? start {
            match = Match(start: start, end: end, label: .init(name: patterns[trail.pattern].name, view: view))
        }
        // Patterns that agree so far have the same public head, as far as it was seen.
        if let open = trail.openPattern, case let count = trail.openDepth - patterns[open].publicHead, count > fragment?.byteCount ?? 0 {
            fragment = (Match(start: start, end: textEnd, label: .init(name: patterns[open].name, view: openView)), count)
        }
    }
}

/// How far one reader came along the patterns.
struct Trail {
    /// Where the longest complete pattern ends.
    var end: Int?
    var pattern = 0
    /// How many bytes were compared.
    var depth = 0
    /// One of the patterns that agreed when the text ended, and how many bytes of it were compared.
    var openPattern: Int?
    var openDepth = 0
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
    /// What begins at a place, in every view. Values of one to three bytes, and the rows of dumps, count in the outer layer alone.
    func finding(at place: Int, in text: LentBytes, isEdge: Bool, isOuter: Bool) -> Finding {
        var finding = Finding()
        let first = text[place]
        func follow(_ reader: some SpellingReader, as view: RedactionView) {
            finding.merge(trail(of: reader, in: text), at: place, end: text.count, as: view, index.patterns)
        }
        let reader = RawReader(position: place)
        let isShort = isOuter && table.beginning(first).contains(.short)
        let raw = isShort ? fullTrail(of: reader, in: text, shortest: 1) : trail(of: reader, in: text)
        finding.merge(raw, at: place, end: text.count, as: .raw, index.patterns)
        if hasTurn(in: place..<raw.reach, of: text) {
            let found = EscapedTrail(at: place, in: text, index, shortest: Pattern.shortestEncoded, views: traits.views, isEdge: isEdge)
            finding.merge(found.trail, at: place, end: text.count, as: found.view, openAs: found.openView, index.patterns)
        }
        if traits.views.contains(.base64), Base64Reader.sextet(first) != nil || EscapeLead.isLead(first) {
            for skippedBits in [0, 2, 4] {
                let hasEscapes = traits.views.contains(.escapes)
                follow(Base64Reader(at: place, skippedBits: skippedBits, hasEscapes: hasEscapes, isEdge: isEdge), as: .base64)
            }
        }
        if traits.views.contains(.hex), first.hexDigit != nil {
            follow(HexReader(at: place, .plain, isEdge: isEdge), as: .hex)
            if isOuter {
                let isRow = HexReader.mayStandInRow(place, of: text)
                if isRow { for layout in [HexReader.Layout.rows, .rowsWithText] { follow(HexReader(at: place, layout, isEdge: isEdge), as: .hex) } }
                for layout in isRow ? HexReader.Layout.allCases : [.plain] {
                    for beginsLate in [false, true] { follow(SwappedReader(at: place, layout, beginsLate: beginsLate, isEdge: isEdge), as: .hex) }
                }
            }
        }
        if traits.views.contains(.utf16), traits.mayBeginUTF16(first) {
            follow(UTF16Reader(at: place, isLittleEndian: true), as: .utf16)
            follow(UTF16Reader(at: place, isLittleEndian: false), as: .utf16)
        }
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
                trail.openDepth = trail.depth
                break reading
            }
        }
        trail.reach = reader.position
        return trail
    }
}
