import Auditing
import Model
import TestKit
import Testing

@Suite("Pending list")
struct PendingListTests {
    private struct Table: Decodable { let appended: String, whole: String, acts: [Act] }
    private struct Act: Decodable { let kind: String, action: String, executable: String, code: String, repeated: Int, process: Int32 }

    private static func entry(_ number: Int = 0, _ kind: AuditActor.Kind = .unidentified, program: String? = nil, at seconds: Int64 = 0) -> AuditEntry
    {
        var entry = AuditEntry.sample(kind, action: .unlockFailed, name: "CANARY-secret", code: "unlock.wrong-\(number)", at: seconds)
        entry.actor = .sample(kind, executable: program ?? "/usr/bin/agent", name: "CANARY-agent")
        entry.detail = [AuditFact("CANARY-fact", "CANARY-value")]
        return entry
    }

    @Test("a recorded file is read, and both its forms mean the same")
    func vectorsHold() throws {
        let table: Table = try vectors("pending")
        for file in [table.appended, table.whole] {
            var list = PendingList(decoding: Array(file.utf8))
            try #require(list.acts.count == table.acts.count && list.damagedLines == 0)
            for (act, expected) in zip(list.acts, table.acts) {
                #expect([act.key.kind.text, act.key.action.text, act.key.executable] == [expected.kind, expected.action, expected.executable])
                #expect(act.key.code == expected.code && act.repeated == expected.repeated && act.process == expected.process)
            }
            #expect(String(decoding: list.encoded(), as: UTF8.self) == table.whole)
        }
    }

    @Test("what was appended, and what is written as a whole, is read back")
    func roundTrip() throws {
        var list = PendingList()
        var file: [UInt8] = []
        for round in 0..<3 {
            for number in 0..<20 { file += try list.add(Self.entry(number, at: Int64(round * 100 + number))) }
        }
        #expect(list.acts.count == 20 && list.acts.allSatisfy { $0.repeated == 3 })
        #expect(PendingList(decoding: file).acts == list.acts)
        #expect(PendingList(decoding: list.encoded()).acts == list.acts)
        #expect(PendingList(decoding: []).isEmpty)
    }

    @Test("a write that was cut anywhere costs the last line and nothing before it, and the next line is whole")
    func tornWrites() throws {
        var list = PendingList()
        let first = try list.add(Self.entry(0)) + list.add(Self.entry(1))
        let before = list.acts
        let last = try list.add(Self.entry(2))
        let after = list.acts
        for length in 0...last.count {
            let torn = PendingList(decoding: first + last[..<length])
            #expect(torn.acts == (length >= last.count - 1 ? after : before), "cut at \(length)")
            let isTorn = (2..<(last.count - 1)).contains(length)
            #expect(torn.damagedLines == (isTorn ? 1 : 0))
            var next = torn
            let appended = try first + last[..<length] + next.add(Self.entry(3))
            #expect(PendingList(decoding: appended).acts == next.acts)
        }
    }

    @Test("a changed byte costs its own line, and is counted")
    func damage() throws {
        var list = PendingList()
        let lines = try (0..<5).map { try list.add(Self.entry($0)) }
        for position in lines[2].indices.dropFirst().dropLast() {
            var file = lines
            file[2][position] ^= 1
            let read = PendingList(decoding: file.flatMap(\.self))
            #expect(read.acts == list.acts.enumerated().filter { $0.offset != 2 }.map(\.element), "byte \(position)")
            #expect(read.damagedLines >= 1)
        }
        var without = lines
        without.remove(at: 2)
        #expect(PendingList(decoding: without.flatMap(\.self)).damagedLines == 1, "a line that is gone is counted too")
        #expect(PendingList(decoding: Array("nonsense\n\n0011 zz\n".utf8)).damagedLines == 2)
    }

    @Test("nothing but safe facts lies in the file")
    func safeFacts() throws {
        var list = PendingList()
        var file = try list.add(Self.entry(0, .agent)) + list.add(Self.entry(1, .person))
        file += list.encoded()
        let text = String(decoding: file, as: UTF8.self)
        for canary in ["CANARY-secret", "CANARY-agent", "CANARY-fact", "CANARY-value"] {
            #expect(!text.contains(canary) && !text.contains(Array(canary.utf8).hexadecimal))
        }
    }

    @Test("the list is bounded: the owner keeps a part, and new programs fill a count")
    func bounds() throws {
        var list = PendingList()
        for number in 0..<5000 { _ = try list.add(Self.entry(program: "/tmp/copy-\(number)")) }
        #expect(list.acts.count == PendingList.capacity - PendingList.reservedForPersons - PendingList.reservedForFolded + 1)
        #expect(list.acts.last?.key.executable == PendingAct.manyPrograms)
        #expect(list.acts.reduce(0) { $0 + $1.repeated } == 5000, "none is lost, only their programs")
        let room = list.acts.count
        for number in 0..<50 { _ = try list.add(Self.entry(number, .person, program: "/usr/bin/mine-\(number)")) }
        #expect(list.acts.count == room + 50 && list.acts.last?.key.executable == "/usr/bin/mine-49")
        var entry = Self.entry(program: "/tmp/another")
        for number in 0..<10_000 where list.acts.count < PendingList.capacity {
            entry.decision = .deny(code: "other-\(number)")
            _ = try list.add(entry)
        }
        entry.decision = .deny(code: "one too many")
        #expect(throws: AuditingError.pendingListFull) { try list.add(entry) }
        let full = list.acts
        #expect(throws: AuditingError.pendingListFull) { try list.add(entry) }
        #expect(list.acts == full, "a refused act changes nothing")
        _ = try list.add(Self.entry(program: "/tmp/copy-0"))
        #expect(PendingList(decoding: list.encoded()).acts == list.acts)
    }

    @Test("many repetitions ask for the file to be written anew")
    func rewriting() throws {
        var list = PendingList()
        for _ in 0...PendingList.capacity { _ = try list.add(Self.entry()) }
        #expect(!list.shouldBeRewritten)
        _ = try list.add(Self.entry())
        #expect(list.shouldBeRewritten)
        _ = list.encoded()
        #expect(!list.shouldBeRewritten)
    }

    @Test("at unlock an act becomes an entry with its count, and says when it began")
    func absorbing() throws {
        var list = PendingList()
        for second in 0..<4 { _ = try list.add(Self.entry(at: Int64(second))) }
        let entry = try #require(list.acts.first).entry(userName: "ada", host: "engine", platform: "linux")
        #expect(entry.repeated == 4 && entry.clock == .at(3))
        #expect(entry.action == .known(.unlockFailed) && entry.decision == .deny(code: "unlock.wrong-0"))
        #expect(entry.actor.kind == .known(.unidentified) && entry.actor.userID == 1000 && entry.source == .known(.mcp))
        #expect(entry.detail.map(\.value) == ["while locked", ClockReading.at(0).wall.description])
        let table: Table = try vectors("pending")
        #expect(PendingList(decoding: Array(table.whole.utf8)).acts[1].entry(userName: "", host: "", platform: "").detail.count == 1)
    }
}
