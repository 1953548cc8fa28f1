/// What each byte of a value costs whoever guesses it, in tenths of a bit.
struct CharacterCosts {
    private let text: LentBytes
    private var costs: [Int]
    private let distinct: Int

    /// At first every byte costs what one of the kinds of characters that the value has does.
    init(_ text: LentBytes) {
        self.text = text
        var seen = [Bool](repeating: false, count: 256)
        for index in 0..<text.count { seen[Int(text[index])] = true }
        distinct = seen.count(where: \.self)
        costs = Array(repeating: GuessEstimate.tenfoldLog(Self.pool(seen)), count: text.count)
        // A separator that comes again costs a bit: it is there or not.
        var isKnown = [Bool](repeating: false, count: 256)
        for index in 0..<text.count where !Self.isWord(text[index]) && text[index] < 0x80 {
            if isKnown[Int(text[index])] { lower(index, to: 10) }
            isKnown[Int(text[index])] = true
        }
    }

    var total: Int { costs.reduce(0, +) }

    /// A value of few different bytes is a row of choices among these. A random one has about as many as its length, or its alphabet, allows.
    var limitByVariety: Int { distinct * 2 < text.count ? text.count * GuessEstimate.tenfoldLog(distinct) : .max }

    /// The size of the alphabet that the bytes of a value are taken from.
    private static func pool(_ seen: [Bool]) -> Int {
        func any(_ bytes: some Sequence<UInt8>) -> Bool { bytes.contains { seen[Int($0)] } }
        let (digits, lower, upper) = (any(0x30...0x39), any(0x61...0x7A), any(0x41...0x5A))
        let beyond = any(0x80...0xFF) || any(0...0x1F)
        let signs = seen.indices.contains { seen[$0] && $0 >= 0x20 && $0 < 0x80 && !isWord(UInt8($0)) }
        let isHex = !beyond && !signs && !(lower && upper) && !any(0x67...0x7A) && !any(0x47...0x5A)
        if isHex, lower || upper { return 16 }
        return (digits ? 10 : 0) + (lower ? 26 : 0) + (upper ? 26 : 0) + (signs ? 33 : 0) + (beyond ? 128 : 0)
    }

    private static func isWord(_ byte: UInt8) -> Bool { isDigit(byte) || isLetter(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
    private static func isCapital(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) }

    private mutating func lower(_ index: Int, to tenths: Int) { costs[index] = min(costs[index], tenths) }

    /// `aaaa`, `4567`, `dcba`: who has the beginning needs only the length, which costs a bit.
    mutating func lowerSequences() {
        var isRunning = false
        for index in 1..<max(1, text.count) {
            let step = Int(text[index]) - Int(text[index - 1])
            let goesOn = step == 0 || index > 1 && abs(step) == 1 && step == Int(text[index - 1]) - Int(text[index - 2])
            if goesOn { lower(index, to: isRunning ? 0 : 10) }
            isRunning = goesOn
        }
    }

    /// Five or more letters of one case that could be spoken may be a word, whose letters cost two bits each.
    mutating func lowerLetters() {
        var start = 0
        while start < text.count {
            var end = start + 1
            while end < text.count, Self.isLetter(text[end]), Self.isLetter(text[start]), (text[end] ^ text[start]) & 0x20 == 0 { end += 1 }
            if end - start >= 5, canBeSpoken(start..<end) { for index in start..<end { lower(index, to: 20) } }
            start = end
        }
    }

    /// Whether no more than three letters that are no vowels follow each other: a row of random ones soon has more.
    private func canBeSpoken(_ range: Range<Int>) -> Bool {
        var silent = 0
        for index in range {
            silent = "aeiouy".utf8.contains(text[index] | 0x20) ? 0 : silent + 1
            if silent > 3 { return false }
        }
        return true
    }

    /// A year costs seven bits, a date fifteen.
    mutating func lowerDates() {
        forEachRun(where: Self.isDigit) { costs, run in
            let century = run.count >= 2 ? (costs.text[run.lowerBound], costs.text[run.lowerBound + 1]) : (0, 0)
            guard century == (0x31, 0x39) || century == (0x32, 0x30), run.count == 4 || run.count == 8 else { return }
            let each = run.count == 4 ? 18 : 19
            for index in run { costs.lower(index, to: each) }
        }
    }

    /// A common word costs five bits, in whatever case and with digits for letters.
    mutating func lowerWords() {
        for start in 0..<text.count {
            for word in CommonWords.byFirst[CommonWords.plain(text[start])] ?? [] where start + word.count <= text.count {
                guard word.indices.allSatisfy({ CommonWords.plain(text[start + $0]) == word[$0] }) else { continue }
                for index in word.indices { lower(start + index, to: index == 0 ? 50 : 0) }
            }
        }
    }

    private mutating func forEachRun(where isMember: (UInt8) -> Bool, _ body: (inout Self, Range<Int>) -> Void) {
        var start = 0
        while start < text.count {
            var end = start
            while end < text.count, isMember(text[end]) { end += 1 }
            if end > start { body(&self, start..<end) }
            start = max(end, start + 1)
        }
    }
}
