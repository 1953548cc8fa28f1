import Auditing
import Model
import TestKit
import Testing

/// Everything a thief without the keys can do to the stored rows.
@Suite("A tampered log")
struct TamperingTests {
    private static let size = 30

    @Test("an untouched log is intact")
    func untouched() throws {
        let log = try TestLog(entries: Self.size)
        let verdict = try log.verdict(stored: [TestLog(entries: 10).checkpoint(), log.checkpoint()], kept: [TestLog(entries: 20).checkpoint()])
        #expect(verdict == .intact(entries: 30, checkpoints: 3, isChainChecked: true))
    }

    @Test("a changed byte of an entry or of a chain value is an edit of that entry")
    func everyByte() throws {
        let log = try TestLog(entries: 6)
        for place in log.rows.indices {
            for position in log.rows[place].sealed.indices {
                var changed = log
                changed.rows[place].sealed[position] ^= 0x10
                #expect(try changed.verdict().broken?.kind == .edited)
                #expect(try changed.verdict().broken?.index == Int64(place))
            }
            for position in 0..<32 {
                var changed = log
                changed.rows[place].chain[position] ^= 1
                let broken = try #require(try changed.verdict().broken)
                #expect(broken.kind == .edited && broken.index == Int64(place))
                #expect(broken.expected == log.rows[place].chain.hexadecimal && broken.actual == changed.rows[place].chain.hexadecimal)
            }
        }
    }

    @Test("a shortened, lengthened or emptied entry or chain value is an edit", arguments: [0, 13, 29])
    func lengths(place: Int) throws {
        let log = try TestLog(entries: Self.size)
        for change: (inout TestLog.Row) -> Void in [
            { $0.sealed.removeLast() }, { $0.sealed.append(0) }, { $0.sealed = [] }, { $0.chain.removeLast() }, { $0.chain.append(0) },
            { $0.chain = [] },
        ] {
            var changed = log
            change(&changed.rows[place])
            let broken = try #require(try changed.verdict().broken)
            #expect(broken.kind == .edited && broken.index == Int64(place))
        }
    }

    @Test("a single edited entry is named as soon as the next entry is seen")
    func namedEarly() throws {
        for change: (inout TestLog.Row) -> Void in [{ $0.sealed[0] ^= 1 }, { $0.chain[0] ^= 1 }] {
            var log = try TestLog(entries: Self.size)
            change(&log.rows[3])
            var verifier = try LogVerifier(organization: log.organization, key: log.chainKey, verifierKey: nil)
            let named = log.rows.firstIndex { verifier.take(index: $0.index, sealed: $0.sealed, chain: $0.chain) != nil }
            #expect(named == 4)
        }
    }

    @Test("a removed entry is a gap, whether or not the rest is numbered anew")
    func removal() throws {
        let log = try TestLog(entries: Self.size)
        for place in 0..<(Self.size - 2) {
            var removed = log
            removed.rows.remove(at: place)
            #expect(try removed.verdict().found == "gap at \(place): entry \(place + 1)")
            removed.renumber()
            #expect(try removed.verdict().found == "gap at \(place): what was entry \(place + 1)")
        }
    }

    @Test("several entries removed at once are a gap", arguments: [2, 5, 20])
    func severalRemoved(count: Int) throws {
        var removed = try TestLog(entries: Self.size)
        removed.rows.removeSubrange(4..<(4 + count))
        removed.renumber()
        #expect(try removed.verdict().found == "gap at 4: what was entry \(4 + count)")
    }

    @Test("a removed last but one entry is found, though nothing behind it tells what happened")
    func lastButOne() throws {
        var removed = try TestLog(entries: Self.size)
        removed.rows.remove(at: Self.size - 2)
        removed.renumber()
        let broken = try #require(try removed.verdict().broken)
        #expect(broken.index == Int64(Self.size - 2) && broken.kind == .edited)
    }

    @Test("an inserted entry is found where it stands")
    func insertion() throws {
        let log = try TestLog(entries: Self.size)
        for place in 0..<Self.size {
            var grown = log
            grown.rows.insert(.init(index: Int64(place), sealed: [1, 2, 3], chain: [UInt8](repeating: 5, count: 32)), at: place)
            grown.renumber()
            let broken = try #require(try grown.verdict().broken)
            #expect(broken.kind == .inserted && broken.index == Int64(place))
        }
    }

    @Test("an entry that stands twice is found at its second place")
    func repetition() throws {
        let log = try TestLog(entries: Self.size)
        var twice = log
        twice.rows.insert(twice.rows[11], at: 12)
        #expect(try twice.verdict().broken?.kind == .reordered)
        #expect(try twice.verdict().broken?.index == 12)
        twice.renumber()
        #expect(try twice.verdict().broken?.kind == .inserted)
        #expect(try twice.verdict().broken?.index == 12)
    }

    @Test("two entries that changed places are found at the first of them")
    func swaps() throws {
        let log = try TestLog(entries: Self.size)
        for first in 0..<Self.size {
            for second in (first + 1)..<Self.size {
                var swapped = log
                swapped.rows.swapAt(first, second)
                swapped.renumber()
                let broken = try #require(try swapped.verdict().broken)
                #expect(broken.kind == .reordered && broken.index == Int64(first), "\(first) and \(second)")
                #expect(
                    broken.message == "chain broken at entry \(first): expected entry \(first), found another; entry \(first) stands at \(second)")
            }
        }
    }

    @Test("rows that come in another order are found at the first that is out of place")
    func order() throws {
        var log = try TestLog(entries: Self.size)
        log.rows.swapAt(4, 9)
        #expect(try log.verdict().found == "gap at 4: entry 9")
    }

    @Test("entries whose bytes alone changed places are edits")
    func bytesSwapped() throws {
        var log = try TestLog(entries: Self.size)
        (log.rows[3].sealed, log.rows[8].sealed) = (log.rows[8].sealed, log.rows[3].sealed)
        #expect(try log.verdict().broken?.kind == .edited)
        #expect(try log.verdict().broken?.index == 3)
    }

    @Test("a log written by another key, or of another organization, is broken from its first entry")
    func otherKey() throws {
        var log = try TestLog(entries: Self.size)
        log.rows = try TestLog(entries: Self.size, key: 9).rows
        #expect(try log.verdict().broken?.index == 0)
        log = try TestLog(entries: Self.size)
        var verifier = try LogVerifier(organization: OrganizationID(random: .system), key: log.chainKey, verifierKey: nil)
        _ = log.rows.first { verifier.take(index: $0.index, sealed: $0.sealed, chain: $0.chain) != nil }
        #expect(verifier.finish().broken?.index == 0)
    }

    @Test("random tampering is found at the first row that differs")
    func anything() throws {
        let random = SeededRandom()
        let log = try TestLog(entries: Self.size)
        for _ in 0..<100 {
            var changed = log
            for _ in 0..<random.int(in: 1...3) { changed.tamper(random) }
            if random.oneIn(2) { changed.renumber() }
            guard changed.rows != log.rows else { continue }
            let verdict = try changed.verdict(stored: [log.checkpoint()])
            let same = zip(changed.rows, log.rows).prefix { $0 == $1 }.count
            #expect(verdict.broken?.index == Int64(same), "\(verdict.message)")
        }
    }
}

extension TestLog {
    fileprivate mutating func tamper(_ random: SeededRandom) {
        let (first, second) = (random.int(in: 0...(rows.count - 1)), random.int(in: 0...(rows.count - 1)))
        switch random.int(in: 0...3) {
        case 0: rows[first].sealed[0] ^= UInt8(random.int(in: 1...255))
        case 1: rows.swapAt(first, second)
        case 2: rows.insert(rows[first], at: second)
        default: rows.remove(at: first)
        }
    }
}

extension LogVerdict {
    /// The kind, place and finding of a break, as tests compare them.
    fileprivate var found: String { broken.map { "\($0.kind.rawValue) at \($0.index): \($0.actual)" } ?? "intact" }
}
