import Foundation
import Glibc
import TacitWire
import TestKit
import Testing

@testable import Commands

@Suite("Scheduled backups")
struct BackupDueTests {
    /// Somebody whose grant ends so many seconds from now, and whose last backup was made a minute ago.
    private static func rig(grantEndsIn seconds: Int64?, answer: FakeKeeper.Answer? = nil) throws -> Rig {
        let rig = try Rig(answer.map { ["POST /v1/backups/scheduled": $0] } ?? [:])
        for name in [".config", ".config/tacit", "shelf"] { unsafe mkdir(rig.directory.path(name), 0o700) }
        if let seconds {
            let grant = BackupGrantText(recipients: ["age1x"], expiresAt: (Rig.now + seconds) * 1_000_000_000, code: "00")
            try rig.write(String(decoding: try WireJSON.encode(grant), as: UTF8.self), to: ".config/tacit/backup-grant.json")
        }
        let last = ScheduledBackups("shelf").path(at: Rig.now - 60)
        try rig.write("x", to: last)
        return rig
    }

    private static func due(_ rig: Rig) throws -> Rig.Outcome { try rig.run("backup", "due", "--to", rig.directory.path("shelf")) }

    @Test("a schedule that is not there is not removed, and one that is, is") func removal() throws {
        let rig = try Self.rig(grantEndsIn: 1)
        #expect(try rig.run("backup", "schedule", "--remove").text.hasPrefix("The units and the grant are gone"))
        let again = try rig.run("backup", "schedule", "--remove")
        #expect(again.status == 0 && again.text == "There is no schedule: neither units nor a grant.\n" && again.messages.isEmpty)
    }

    @Test("a drill says what was made since the backup") func drill() throws {
        let report = BackupReport(
            backup: "b", organization: "o", madeAt: "", sealedTo: .password, projects: 1, environments: 1, policies: 0, secrets: 1, versions: 1,
            values: 1, bytes: 1)
        let text = String(decoding: try WireJSON.encode(report), as: UTF8.self)
        let answer = FakeKeeper.Reply(
            body: Array(
                #"{"backup":\#(text),"versions":1,"values":1,"policies":0,"differences":0,"changed":0,"added":1,"newer":2,"newer_policies":1,"gone":0}"#
                    .utf8))
        let rig = try Rig(["POST /v1/backups/drills": { _ in answer }])
        let file = try rig.write("tacit-backup" + String(repeating: "\0", count: 200), to: "x.backup")
        let (vault, backup) = (try rig.descriptor("p\n"), try rig.descriptor("q\n"))
        let outcome = try rig.run("backup", "drill", file, "--password-fd", "\(vault)", "--backup-password-fd", "\(backup)")
        #expect(outcome.text.contains("1 version with 1 value is as it is in the vault.\n"), "\(outcome.text) \(outcome.messages)")
        #expect(
            outcome.messages
                == """
                tacit: note: 1 secret was made after the backup, and is not in it
                tacit: note: 2 versions came after the backup was made
                tacit: note: 1 version of the policy came after the backup was made, and is not in it

                """)
    }

    @Test("a directory in place of a backup, and one that is missing, are called so") func paths() throws {
        let rig = try Rig()
        let missing = try rig.run("backup", rig.directory.path("nosuch/x.backup")).messages
        #expect(missing.hasPrefix("tacit: error: there is no directory for ") && missing.contains("hint: make it first"), "\(missing)")
        let vault = try rig.descriptor("p\n")
        let directory = try rig.run("backup", "drill", rig.directory.path("work"), "--password-fd", "\(vault)").messages
        #expect(directory.hasSuffix("tacit: hint: name the file of the backup, not its directory\n"), "\(directory)")
    }

    @Test("none is due while the last one is new and the grant holds")
    func notDue() throws {
        let outcome = try Self.due(Self.rig(grantEndsIn: 1))
        #expect(outcome.status == 0 && outcome.text.hasPrefix("No backup is due"))
    }

    @Test("a grant that is over is told, whether a backup is due or not", arguments: [0, -86_400])
    func over(seconds: Int64) throws {
        let rig = try Self.rig(grantEndsIn: seconds)
        let outcome = try Self.due(rig)
        #expect(outcome.status == 4 && outcome.text.isEmpty)
        #expect(outcome.messages.contains("the grant of scheduled backups is over"))
        #expect(outcome.messages.contains("`tacit backup schedule`"))
        #expect(rig.keeper?.requests.isEmpty == true)
    }

    @Test("one that was lost is no denial: what is missing is said, and when another may be made")
    func tooSoon() throws {
        let rig = try Self.rig(
            grantEndsIn: 3600,
            answer: { _ in
                .json(
                    Problem("backup.too-soon", "a scheduled backup was made shortly before", status: 429, hint: "wait 529 s", retryAfter: 529),
                    status: 429)
            })
        for last in try ScheduledBackups(rig.directory.path("shelf")).all() { unsafe unlink(rig.directory.path("shelf/\(last.name)")) }
        let outcome = try Self.due(rig)
        #expect(
            outcome.status == 1 && outcome.messages.contains("shortly before, and is not in \(rig.directory.path("shelf"))\n"), "\(outcome.messages)")
        #expect(outcome.messages.contains("in 8 minutes at the earliest") && !outcome.messages.contains("529"))
    }

    @Test("it asks nobody, at a terminal either")
    func unasked() throws {
        let rig = try Self.rig(grantEndsIn: 3600, answer: { _ in .problem("vault.locked", 423, "the vault is locked", hint: "unlock it") })
        for last in try ScheduledBackups(rig.directory.path("shelf")).all() { unsafe unlink(rig.directory.path("shelf/\(last.name)")) }
        rig.terminal = try FakeTerminal(("Password: ", "CANARY\n"))
        let outcome = try Self.due(rig)
        #expect(outcome.status == 5 && outcome.messages.contains("the vault is locked"), "\(outcome.messages)")
        #expect(rig.terminal?.screen.isEmpty == true && rig.keeper?.routes == ["POST /v1/backups/scheduled"])
    }

    @Test("without a grant none is called not due")
    func none() throws {
        let outcome = try Self.due(Self.rig(grantEndsIn: nil))
        #expect(outcome.status == 1 && outcome.messages.contains("no schedule was granted"))
    }
}
