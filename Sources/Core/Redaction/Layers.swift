/// What is found one encoding deeper: the matches in the decodings of a text's runs.
struct Layers: ~Copyable {
    /// In the order of their starts.
    private(set) var matches: [Match] = []
    /// The first place of which it cannot be told yet what begins there.
    private(set) var open: Int
    /// What the text's end leaves visible of a pattern, as `Finding.fragment`.
    private(set) var fragments: [(match: Match, byteCount: Int)] = []

    private let lexicon: Lexicon
    private let text: LentBytes
    private let isEdge: Bool
    private var inside = Skeleton()

    init(
        of text: LentBytes, _ skeleton: borrowing Skeleton, at offset: Int64, from start: Int, isEdge: Bool, waitsForShortRows: Bool,
        _ lexicon: Lexicon
    ) {
        self.lexicon = lexicon
        self.isEdge = isEdge
        self.text = text
        open = text.count
        guard lexicon.traits.views.contains(.layers) else { return }
        for (digits, blocks) in [(Digits.base64, skeleton.base64Blocks), (.hex, skeleton.hexBlocks)] {
            let runs = EncodedRuns(text: text, offset: offset, blocks: blocks, waitsForShortRows: waitsForShortRows, digits: digits)
            let runsOpen = runs.forEach(from: start) { run in
                for stretch in Stretch.all(in: run, of: text, digits) { look(into: stretch, of: run) }
            }
            open = min(open, runsOpen)
        }
        inside.forget()
        matches.sort { ($0.start, -$0.end) < ($1.start, -$1.end) }
    }

    /// What is found is read on behind the row of text, but mostly not far.
    private mutating func look(into stretch: Stretch, of run: EncodedRun) {
        let count = stretch.grouping.byteCount(run.digitCount)
        var end = stretch.bytes.upperBound + Self.usualRest
        while true {
            let decoding = Decoding(of: run, stretch.grouping, stretch.bytes.lowerBound..<min(end, count), in: text)
            guard let found = found(in: decoding, stretch, of: run, isWhole: end >= count) else {
                end += end - stretch.bytes.lowerBound
                continue
            }
            matches += found.matches
            fragments += found.fragments
            open = min(open, found.open)
            return
        }
    }

    private static let usualRest = 256

    private struct Found {
        var matches: [Match] = []
        var fragments: [(match: Match, byteCount: Int)] = []
        var open: Int
    }

    /// What begins in a row of text at the beginning of a decoding; nil when that cannot be told because the decoding is not whole.
    private mutating func found(in decoding: borrowing Decoding, _ stretch: Stretch, of run: EncodedRun, isWhole: Bool) -> Found? {
        var found = Found(open: open)
        let (bytes, end) = (decoding.lent, stretch.bytes.count)
        inside.read(bytes, from: 0, at: 0, lexicon)
        var lookout = Lookout(lexicon, on: bytes, from: 0, inside)
        while let place = lookout.next(), place < end {
            let start = decoding.start(of: place)
            guard run.isLookedInto(start) else { continue }
            if end - place < Stretch.shortest {
                // A row of text that the end cuts may go on.
                if run.isCut, isWhole, end == bytes.count { found.open = min(found.open, start) }
                continue
            }
            let finding = lexicon.finding(at: place, in: bytes, isEdge: isWhole && (!run.isCut || isEdge), isOuter: false)
            guard isWhole || !finding.isOpen else { return nil }
            if let match = finding.match, match.label.view != .raw { found.matches.append(Self.outer(match, of: decoding, stretch)) }
            // What ends with a run is no fragment at the stream's edge, unless the text cuts the run there.
            if run.isCut, isWhole, let fragment = finding.fragment, fragment.match.label.view != .raw {
                found.fragments.append((Self.outer(fragment.match.asFragment(beside: finding.match), of: decoding, stretch), fragment.byteCount))
            }
            if run.isCut, finding.isOpen { found.open = min(found.open, start) }
        }
        return found
    }

    /// Where a match in a decoding stands in the text.
    private static func outer(_ match: Match, of decoding: borrowing Decoding, _ stretch: Stretch) -> Match {
        let label = Match.Label(name: match.label.name, view: match.label.view, outer: stretch.grouping.digits.view)
        return Match(start: decoding.start(of: match.start), end: decoding.end(of: match.end - 1), label: label, isFragment: match.isFragment)
    }
}

/// The matches of deeper layers, taken one after the other beside those of the text.
struct Deeper {
    private var matches: ArraySlice<Match>

    /// At an agent's edge, fragments count as matches.
    init(_ layers: borrowing Layers, isEdge: Bool) {
        guard isEdge, !layers.fragments.isEmpty else {
            matches = layers.matches[...]
            return
        }
        let fragments = layers.fragments.filter { $0.byteCount >= Redactor.edgeByteCount }.map(\.match)
        matches = (layers.matches + fragments).sorted { ($0.start, -$0.end) < ($1.start, -$1.end) }[...]
    }

    /// Those that begin before a place.
    mutating func before(_ place: Int) -> ArraySlice<Match> {
        let earlier = matches.prefix { $0.start < place }
        matches = matches[earlier.endIndex...]
        return earlier
    }

    /// The match at a place, or one of a deeper layer that is longer.
    mutating func longer(than match: Match?, at place: Int) -> Match? {
        guard let deeper = matches.first, deeper.start == place, deeper.end > match?.end ?? place else { return match }
        return deeper
    }
}
