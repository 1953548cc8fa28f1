import Auditing
import Model
import TestKit
import Testing

@Suite("Audit entries")
struct EntryTests {
    @Test("recorded bytes are read as what they say, and written back the same")
    func vectorsHold() throws {
        let table = try vectors("entries", as: EntryVector.Table.self)
        try #require(table.count == 6 && table.cases.count == 6)
        for vector in table.cases {
            let entry = try AuditEntry(decoding: bytes(vector.encoded))
            try vector.entry.check(entry)
            #expect(entry.encoded().hexadecimal == vector.encoded, "\(vector.name)")
        }
    }

    @Test("bytes that no writer wrote are refused")
    func refused() throws {
        struct Table: Decodable {
            struct Case: Decodable { let name: String, encoded: String }
            let count: Int, cases: [Case]
        }
        let table: Table = try vectors("refused-entries")
        try #require(table.count == 13 && table.cases.count == 13)
        for vector in table.cases {
            let encoded = try bytes(vector.encoded)
            #expect(throws: CanonicalError.self, "\(vector.name)") { try AuditEntry(decoding: encoded) }
        }
    }

    @Test("every recorded name is in the list of names, which only grows")
    func names() throws {
        struct Names: Decodable { let kinds: [String], sources: [String], modes: [String], actions: [String] }
        let names: Names = try vectors("names")
        #expect(names.kinds == AuditActor.Kind.allCases.map(\.rawValue))
        #expect(names.sources == AuditSource.allCases.map(\.rawValue))
        #expect(names.modes == AccessMode.allCases.map(\.rawValue))
        #expect(names.actions == AuditAction.allCases.map(\.rawValue))
    }

    @Test("every entry is read back as it was written")
    func roundTrip() throws {
        let random = SeededRandom()
        for _ in 0..<500 {
            let entry = random.entry()
            #expect(try AuditEntry(decoding: entry.encoded()) == entry)
        }
    }

    @Test("a cut entry is refused at every length")
    func truncations() throws {
        let random = SeededRandom()
        for _ in 0..<20 {
            let bytes = random.entry().encoded()
            for length in bytes.indices {
                #expect(throws: CanonicalError.self) { try AuditEntry(decoding: Array(bytes[..<length])) }
            }
            #expect(throws: CanonicalError.leftOver) { try AuditEntry(decoding: bytes + [0]) }
        }
    }

    @Test("bytes that were changed are refused, or are the one form of another entry")
    func flips() throws {
        let random = SeededRandom()
        let bytes = random.entry().encoded()
        for position in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[position] ^= 1 << bit
                guard let entry = try? AuditEntry(decoding: changed) else { continue }
                #expect(entry.encoded() == changed, "byte \(position), bit \(bit)")
            }
        }
    }

    @Test("another version byte is refused")
    func version() {
        var bytes = AuditEntry.sample().encoded()
        bytes[0] = 2
        #expect(throws: CanonicalError.malformed) { try AuditEntry(decoding: bytes) }
    }

    @Test("a count below one and a digest of another length are refused")
    func ranges() throws {
        var entry = AuditEntry.sample()
        entry.repeated = 0
        #expect(throws: CanonicalError.malformed) { try AuditEntry(decoding: entry.encoded()) }
        entry.repeated = 1
        entry.recordsDigest = [1, 2, 3]
        #expect(throws: CanonicalError.malformed) { try AuditEntry(decoding: entry.encoded()) }
    }

    @Test("a peer cannot make an entry grow: its texts are cut between characters")
    func longTexts() throws {
        let long = "a" + String(repeating: "é", count: 100_000)
        let actor = AuditActor(
            kind: .agent, agentName: long, reportedModel: long, userID: 0, userName: long, host: long, process: 1, executable: long, ip: long,
            platform: long)
        #expect(actor.executable.utf8.count == AuditText.maximumByteCount - 1)
        var entry = AuditEntry.sample()
        entry.actor = actor
        entry.subjects = [AuditSubject(name: long)]
        entry.decision = .deny(code: long, rule: long)
        entry.detail = [AuditFact(long, long)]
        #expect(entry.encoded().count < 16_000)
        #expect(try AuditEntry(decoding: entry.encoded()) == entry)
    }

    @Test("a text longer than any that is written is refused")
    func overlongText() throws {
        var entry = AuditEntry.sample()
        entry.detail = [AuditFact("key", String(repeating: "x", count: AuditText.maximumByteCount))]
        var bytes = entry.encoded()
        // The text stands last but for the absent digest's byte; its length in four bytes stands before it.
        let start = bytes.count - 1 - AuditText.maximumByteCount
        #expect(Array(bytes[(start - 4)..<start]) == [0, 0, 4, 0])
        bytes[start - 1] = 1
        bytes.insert(UInt8(ascii: "x"), at: start)
        #expect(throws: CanonicalError.malformed) { try AuditEntry(decoding: bytes) }
    }

    @Test("names of actions differ, and each is read back as itself")
    func actions() {
        for action in AuditAction.allCases { #expect(Recorded<AuditAction>(action.rawValue) == .known(action)) }
        #expect(Recorded<AuditAction>("secret.teleport") == .other("secret.teleport"))
        #expect(Recorded<AuditAction>("secret.teleport").text == "secret.teleport")
        #expect(Set(AuditSource.allCases.map(\.rawValue)) == ["cli", "mcp", "api", "sdk", "dashboard", "extension", "broker", "keeper"])
    }
}

extension SeededRandom {
    func entry() -> AuditEntry {
        var entry = AuditEntry(
            clock: ClockReading(wall: Timestamp(nanoseconds: number()), bootID: id(BootKind.self), bootTime: number()),
            clockFloor: maybe { Timestamp(nanoseconds: number()) }, actor: actor(), source: element(of: AuditSource.allCases) ?? .cli,
            mode: element(of: AccessMode.allCases) ?? .none, action: element(of: AuditAction.allCases) ?? .run,
            subjects: (0..<int(in: 0...3)).map { _ in subject() },
            decision: oneIn(2) ? .allow(rule: maybe(text)) : .deny(code: text(), rule: maybe(text)),
            phase: element(of: [.single, .intent, .outcome(of: number(), result: text())]) ?? .single, repeated: int(in: 1...1000),
            detail: (0..<int(in: 0...3)).map { _ in AuditFact(text(), text()) }, recordsDigest: maybe { bytes(32) })
        if oneIn(3) { entry.action = Recorded("newer." + text()) }
        if oneIn(3) { entry.source = Recorded("newer-" + text()) }
        if oneIn(3) { entry.mode = Recorded("newer-" + text()) }
        return entry
    }

    private func actor() -> AuditActor {
        AuditActor(
            kind: element(of: AuditActor.Kind.allCases) ?? .system, agentID: maybe { id(AgentKind.self) }, agentName: maybe(text),
            reportedModel: maybe(text), userID: UInt32(truncatingIfNeeded: number()), userName: text(), host: text(),
            process: Int32(truncatingIfNeeded: number()), executable: text(), ip: maybe(text), platform: text())
    }

    private func subject() -> AuditSubject {
        AuditSubject(
            project: maybe { id(ProjectKind.self) }, environment: maybe { id(EnvironmentKind.self) }, secret: maybe { id(SecretKind.self) },
            version: maybe(number), field: maybe(number), record: maybe { id(AnyKind.self) }, name: maybe(text))
    }

    private func number() -> Int64 { bytes(8).reduce(0) { $0 << 8 | Int64($1) } }

    private func text() -> String { (0..<int(in: 0...12)).compactMap { _ in element(of: "aZ0/._-é— \n").map(String.init) }.joined() }

    private func maybe<Value>(_ make: () -> Value) -> Value? { oneIn(2) ? make() : nil }
}

extension SeededRandom {
    fileprivate func element(of text: String) -> Character? { element(of: Array(text)) }
}
