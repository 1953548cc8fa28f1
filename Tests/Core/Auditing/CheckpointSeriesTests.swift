import Auditing
import Model
import Testing

@Suite("Checkpoints one after the other")
struct CheckpointSeriesTests {
    private func series(_ sizes: [Int]) throws -> [SignedCheckpoint] {
        try zip(sizes, [nil] + sizes.map(Int64.init)).map { size, previous in
            let log = try TestLog(entries: size)
            return try log.signer.sign(log.head, previous: previous)
        }
    }

    @Test("a series without gaps is whole, in any order")
    func whole() throws {
        let signed = try series([3, 7, 8, 20])
        #expect(CheckpointSeries(signed).gap() == nil && CheckpointSeries(signed.reversed()).gap() == nil && CheckpointSeries([]).gap() == nil)
        #expect(CheckpointSeries(signed).gap(handedOut: signed, head: signed[3]) == nil)
        #expect(signed.map(\.previous) == [nil, 3, 7, 8])
        #expect(signed[1].extensions.count == 2 && signed[0].extensions.count == 1)
    }

    @Test("each that is missing is named by the next; the last by whoever has it, or one behind it")
    func gaps() throws {
        let signed = try series([3, 7, 8, 20])
        for place in 0..<3 {
            var rest = signed
            let taken = rest.remove(at: place)
            let gap = try #require(CheckpointSeries(rest).gap())
            #expect(gap.kind == .missingCheckpoint && gap.index == taken.size)
            #expect(CheckpointSeries(rest).gap(anchors: [signed[place + 1].size]) == nil, "it was pruned")
            #expect(CheckpointSeries(rest).gap(anchors: [taken.size])?.index == taken.size, "it stands for what was pruned")
            #expect(CheckpointSeries(rest).gap(anchors: [taken.size, 20])?.index == taken.size, "and so does a former one")
        }
        #expect(CheckpointSeries(Array(signed.dropLast())).gap() == nil)
        #expect(CheckpointSeries(Array(signed.dropLast())).gap(handedOut: [signed[3]])?.index == 20)
        #expect(CheckpointSeries(Array(signed.dropLast(2))).gap(head: signed[3])?.index == 8)
        #expect(CheckpointSeries([signed[3]]).gap(handedOut: [signed[1]])?.index == 3, "the first of several")
        #expect(
            CheckpointSeries([]).gap(head: signed[1])?.message
                == "the checkpoint at 3 entries was taken away: expected a checkpoint at 3 entries, found none")
    }

    @Test("what is no size names nothing", arguments: ["", "7", "AAAAAAAAAA==", "AAAAAAAAAAcA", "//////////8=", "AAAAAAAAAAc= ", "AAAAAAAAAAd="])
    func malformed(text: String) throws {
        let log = try TestLog(entries: 9)
        let signed = try log.signer.sign(size: 9, root: log.head.frontier.root, extensions: ["tacit-previous \(text)"])
        #expect(signed.previous == nil)
        #expect(try log.signer.sign(size: 9, root: log.head.frontier.root, extensions: ["tacit-previous AAAAAAAAAAc="]).previous == 7)
    }
}
