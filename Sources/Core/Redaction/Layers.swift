/// What is found one encoding deeper: the matches in the decodings of a text's runs.
struct Layers {
    /// In the order of their starts.
    private(set) var matches: [Match] = []
    /// The first place of which it cannot be told yet what begins there.
    private(set) var open: Int
    /// What the text's end leaves visible of a pattern, as `Finding.fragment`.
    private(set) var fragments: [(match: Match, byteCount: Int)] = []

    private let lexicon: Lexicon
    private let text: LentBytes
    private let isEdge: Bool

    init(
        of text: LentBytes, _ skeleton: borrowing Skeleton, at offset: Int64, from start: Int, isEdge: Bool, waitsForShortRows: Bool,
        _ lexicon: Lexicon
    ) {
        self.lexicon = lexicon
        self.isEdge = isEdge
        self.text = text
        open = text.count
        guard lexicon.traits.views.contains(.layers) else { return }
        let base64 = EncodedRuns(text: text, offset: offset, blocks: skeleton.base64Blocks, waitsForShortRows: waitsForShortRows, digits: .base64)
        let base64Open = base64.forEach(from: start) { run in
            for phase in Decoding.base64Phases(of: run, in: text) { look(into: Decoding(base64: run, phase: phase, in: text), run) }
        }
        let hex = EncodedRuns(text: text, offset: offset, blocks: skeleton.hexBlocks, waitsForShortRows: waitsForShortRows, digits: .hex)
        let hexOpen = hex.forEach(from: start) { run in
            for phase in Decoding.hexPhases(of: run, in: text) { look(into: Decoding(hex: run, phase: phase, in: text), run) }
        }
        open = min(open, base64Open, hexOpen)
        matches.sort { ($0.start, -$0.end) < ($1.start, -$1.end) }
    }

    private mutating func look(into decoding: consuming Decoding, _ run: EncodedRuns.Run) {
        let bytes = decoding.lent
        var skeleton = Skeleton()
        skeleton.read(bytes, from: 0, at: 0, lexicon)
        var lookout = Lookout(lexicon, on: bytes, from: 0, skeleton)
        while let place = lookout.next() {
            let start = decoding.starts[place]
            guard run.isLookedInto(start) else { continue }
            let length = decoding.textLength(from: place)
            if length < Decoding.shortestText {
                // A row of text that the end cuts may go on.
                if run.isCut, place + length == bytes.count { open = min(open, start) }
                continue
            }
            let finding = lexicon.finding(at: place, in: bytes, isEdge: !run.isCut || isEdge, isOuter: false)
            take(finding, of: decoding, isCut: run.isCut)
            if run.isCut, finding.isOpen { open = min(open, start) }
        }
    }

    /// What ends with a run is no fragment at the stream's edge, unless the text cuts the run there.
    private mutating func take(_ finding: Finding, of decoding: borrowing Decoding, isCut: Bool) {
        if let match = finding.match, match.label.view != .raw { matches.append(Self.outer(match, of: decoding)) }
        if isCut, let fragment = finding.fragment, fragment.match.label.view != .raw {
            fragments.append((Self.outer(fragment.match.asFragment(beside: finding.match), of: decoding), fragment.byteCount))
        }
    }

    /// Where a match in a decoding stands in the text.
    private static func outer(_ match: Match, of decoding: borrowing Decoding) -> Match {
        let label = Match.Label(name: match.label.name, view: match.label.view, outer: decoding.outer)
        return Match(start: decoding.starts[match.start], end: decoding.ends[match.end - 1], label: label, isFragment: match.isFragment)
    }
}

/// The matches of deeper layers, taken one after the other beside those of the text.
struct Deeper {
    private var matches: ArraySlice<Match>

    /// At an agent's edge, fragments count as matches.
    init(_ layers: Layers, isEdge: Bool) {
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
