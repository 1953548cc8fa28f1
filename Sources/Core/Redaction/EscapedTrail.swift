/// Follows every way to read a text as a value whose bytes stand for themselves or are written by escapes, with gaps between them.
///
/// One way is a position, with the patterns that agree so far and the bytes of an escape that are still to come. All ways are followed at once, byte by
/// byte of the value; two that come to the same place are one. So a mixture of notations is read, and none is preferred.
///
/// A spelling of a value is, byte after byte: the byte itself, an escape that stands for it (or for a character whose bytes the value has there), or such an
/// escape whose own characters, all but the one behind `%`, `=` or `&`, may be written by escapes; before each but the first, a few gaps (`Gap`). Escapes and gaps
/// take as many characters as they can; in an escape of escapes a character is an escape where one can be read. It ends just after its last byte's escape.
struct EscapedTrail {
    private(set) var trail: Trail
    /// The notation of the first escape, or `wrapped`, or `raw`, of the longest complete pattern and of the longest beginning.
    private(set) var view = RedactionView.raw
    private(set) var openView = RedactionView.raw

    private let index: PatternIndex
    private let text: LentBytes
    private let shortest: Int
    private let views: RedactionViews
    private let isEdge: Bool
    private var ways: [Way] = []
    private var next: [Way] = []

    private struct Way {
        var position: Int
        var pending: UInt32 = 0
        var pendingCount = 0
        var patterns: Range<Int>
        var view = RedactionView.raw

        func isAt(_ other: Way) -> Bool {
            position == other.position && pendingCount == other.pendingCount && pending == other.pending && patterns == other.patterns
        }
    }

    /// `shortest` is the least length of a pattern that counts.
    init(at place: Int, in text: LentBytes, _ index: PatternIndex, shortest: Int, views: RedactionViews, isEdge: Bool) {
        self.index = index
        self.text = text
        self.shortest = shortest
        self.views = views
        self.isEdge = isEdge
        trail = Trail(reach: place)
        if !index.patterns.isEmpty { ways = [Way(position: place, patterns: index.patterns.indices)] }
        while !ways.isEmpty { step() }
    }

    /// Reads one more byte of the value on every way.
    private mutating func step() {
        next.removeAll(keepingCapacity: true)
        for way in ways {
            var way = way
            if index.patterns[way.patterns.lowerBound].length == trail.depth {
                complete(way)
                way.patterns.removeFirst()
            }
            if !way.patterns.isEmpty { follow(way) }
        }
        swap(&ways, &next)
        trail.depth += 1
    }

    private mutating func complete(_ way: Way) {
        // A pattern does not end within a character.
        guard way.pendingCount == 0, trail.depth >= shortest, way.position >= trail.end ?? 0 else { return }
        trail.complete(way.patterns.lowerBound, (way.position, false))
        view = way.view
    }

    private mutating func follow(_ way: Way) {
        guard way.pendingCount == 0 else {
            var rest = way
            rest.pending >>= 8
            rest.pendingCount -= 1
            return take(UInt8(truncatingIfNeeded: way.pending), rest)
        }
        read(at: way.position, on: way)
        guard trail.depth > 0 else { return }
        var (position, wrapped) = (way.position, way)
        if way.view == .raw { wrapped.view = .wrapped }
        gaps: for _ in 0..<Gap.mostInARow {
            switch Gap.at(position, in: text) {
            case .none: break gaps
            case .cut:
                open(way)
                break gaps
            case .end(let end, let bare):
                if bare != end { read(at: bare, on: wrapped) }
                read(at: end, on: wrapped)
                position = end
            }
        }
    }

    /// The byte at a position, itself or escaped, on a way that comes there.
    private mutating func read(at position: Int, on way: Way) {
        var way = way
        way.position = position
        guard position < text.count else { return open(way) }
        var literal = way
        literal.position += 1
        take(text[position], literal)
        guard views.contains(.escapes), EscapeLead.stands(at: position, in: text) else { return }
        read(Escapes(PlainCharacters(), isEdge: isEdge).reading(at: position, in: text), on: way)
        read(Escapes(EscapedCharacters(isEdge: isEdge), isEdge: isEdge).reading(at: position, in: text), on: way)
    }

    private mutating func read(_ reading: EscapeReading, on way: Way) {
        switch reading {
        case .none: break
        case .cut: open(way)
        case .spelled(let spelled): read(spelled, on: way)
        case .either(let one, let other):
            read(one, on: way)
            read(other, on: way)
        }
    }

    private mutating func read(_ spelled: Spelled, on way: Way) {
        var way = way
        way.position = spelled.end
        way.pending = spelled.bytes >> 8
        way.pendingCount = spelled.count - 1
        if way.view == .raw || way.view == .wrapped { way.view = spelled.view }
        take(UInt8(truncatingIfNeeded: spelled.bytes), way)
    }

    private mutating func take(_ byte: UInt8, _ way: Way) {
        var way = way
        way.patterns = index.narrowed(way.patterns, depth: trail.depth, by: byte)
        trail.reach = max(trail.reach, way.position)
        guard !way.patterns.isEmpty, !next.contains(where: { $0.isAt(way) }) else { return }
        next.append(way)
    }

    private mutating func open(_ way: Way) {
        trail.isOpen = true
        if trail.openPattern == nil || trail.openDepth < trail.depth {
            trail.openPattern = way.patterns.lowerBound
            trail.openDepth = trail.depth
            openView = way.view
        }
    }
}
