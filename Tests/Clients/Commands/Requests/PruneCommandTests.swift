import Glibc
import TacitWire
import TestKit
import Testing

@testable import Commands

@Suite("Pruning of the log")
struct PruneCommandTests {
    private static let route = "POST /v1/audit/prunings"
    private static let note = "tacit.local/x\n4096\nroot\n\nsignature\n"

    private static func pruning(ahead: Int64 = 0, missing: [Int64] = [], done: Bool = false, leavesTraces: Bool = false) -> AuditPruning {
        AuditPruning(
            first: 0, cut: 4096, size: 5000, oldest: "2024-01-01T00:00:00Z", youngest: "2024-02-01T00:00:00Z",
            anchor: CheckpointNote(note: note, verifierKey: "key"), ahead: ahead, missingOutcomes: missing, done: done, leavesTraces: leavesTraces)
    }

    /// A keeper that shows a plan, and answers the pruning itself so.
    private func rig(_ plan: AuditPruning = pruning(), _ answer: FakeKeeper.Reply = .json(pruning(done: true))) throws -> Rig {
        try Rig([Self.route: { $0.text.contains(#""cut":4096"#) ? answer : .json(plan) }])
    }

    private func prune(_ rig: Rig, _ words: String...) throws -> Rig.Outcome {
        let words = ["audit", "prune", "--before", "2025-01-01", "--yes"] + words
        return try rig.run(words + ["--password-fd", "\(rig.descriptor("password"))"])
    }

    private func anchor(_ rig: Rig) -> String { "\(rig.currentDirectory)/anchor" }

    private func content(_ path: String) throws -> String? {
        guard unsafe access(path, F_OK) == 0 else { return nil }
        return String(decoding: try Input.readFile(path, limit: 1000, naming: "anchor"), as: UTF8.self)
    }

    @Test("the anchor's file is there once the entries went")
    func anchorFile() throws {
        let rig = try rig()
        let outcome = try prune(rig, "--anchor", anchor(rig))
        #expect(outcome.status == 0 && outcome.text.contains("4096 entries pruned"), "\(outcome.messages)")
        #expect(try content(anchor(rig)) == Self.note)
        #expect(!outcome.messages.contains("warning"))
    }

    @Test("an anchor's file is not left where the keeper refused, and nothing went")
    func refused() throws {
        let refusals: [FakeKeeper.Reply] = [
            .problem("request.invalid", 422, "nothing was pruned"), .problem("audit.unprunable", 500, "a broken log"), .problem("vault.locked", 423),
        ]
        for refusal in refusals {
            let rig = try rig(Self.pruning(), refusal)
            #expect(try prune(rig, "--anchor", anchor(rig)).status != 0)
            #expect(try content(anchor(rig)) == nil)
        }
    }

    @Test("an anchor's file is left where the connection broke, or some of the entries went")
    func unsure() throws {
        let broken = try rig(Self.pruning(), .hangup)
        let outcome = try prune(broken, "--anchor", anchor(broken))
        #expect(outcome.status != 0 && outcome.messages.contains("`tacit audit verify` tells whether they went"), "\(outcome.messages)")
        #expect(try content(anchor(broken)) == Self.note)
        let inPart = try rig(Self.pruning(), .problem("audit.pruned-in-part", 500, "before 9, and no more", hint: "prune once more"))
        let part = try prune(inPart, "--anchor", anchor(inPart))
        #expect(part.status == 1 && part.messages == "tacit: error: before 9, and no more\ntacit: hint: prune once more\n")
        #expect(try content(anchor(inPart)) == Self.note)
    }

    @Test("what the days of a plan do not tell is told, and what is left in the files")
    func warnings() throws {
        let plan = Self.pruning(ahead: 2, missing: [3, 5, 7, 9, 11, 13])
        let rig = try rig(plan, .json(Self.pruning(done: true, leavesTraces: true)))
        let shown = try rig.run("audit", "prune", "--before", "2025-01-01", "--dry-run").messages
        #expect(shown.contains("2 entries among them bear a time that is yet to come"))
        #expect(shown.contains("6 acts among them never had an outcome (a crash may have cut in): 3, 5, 7, 9, 11, …"))
        #expect(!shown.contains("files could not be cleared"))
        let done = try prune(rig)
        #expect(done.status == 0 && done.messages.contains("files could not be cleared of what went"))
    }
}
