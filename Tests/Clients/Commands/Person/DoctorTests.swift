import Glibc
import TacitWire
import TestKit
import Testing

@testable import Commands

@Suite("Doctor")
struct DoctorTests {
    private func machine(_ files: [String: String]) throws -> (rig: Rig, checks: MachineChecks) {
        let rig = try Rig(nil)
        for (path, text) in files {
            let parts = path.split(separator: "/")
            for depth in 1..<parts.count { unsafe mkdir(rig.directory.path(parts.prefix(depth).joined(separator: "/")), 0o700) }
            try rig.write(text, to: path)
        }
        return (rig, MachineChecks(rig.context, root: rig.directory.path + "/"))
    }

    private static let header = "Filename\tType\tSize\tUsed\tPriority\n"

    @Test(
        "swap is safe when there is none, in compressed memory, or encrypted",
        arguments: [
            (header, true), (header + "/dev/zram0 partition 1 0 -2\n", true), (header + "/dev/sda2 partition 1 0 -2\n", false),
            (header + "/dev/dm-1 partition 1 0 -2\n", true), (header + "/dev/dm-2 partition 1 0 -2\n", false),
            (header + "/dev/dm-1 partition 1 0 -2\n/swapfile file 1 0 -3\n", false),
        ])
    func swap(_ row: (swaps: String, isGood: Bool)) throws {
        let (rig, checks) = try machine([
            "proc/swaps": row.swaps, "sys/block/dm-1/dm/uuid": "CRYPT-PLAIN-swap\n", "sys/block/dm-2/dm/uuid": "LVM-abc\n",
        ])
        #expect((checks.swap.level == .good) == row.isGood, "below \(rig.directory.path)")
    }

    @Test("hibernation, core files and tracing are told from the kernel's own words")
    func kernel() throws {
        let open = try machine([
            "sys/power/state": "freeze mem disk\n", "sys/power/resume": "8:3\n", "proc/sys/kernel/yama/ptrace_scope": "0\n",
            "proc/sys/fs/suid_dumpable": "1\n",
        ])
        #expect([open.checks.hibernation, open.checks.tracing, open.checks.cores].map(\.level) == [.advice, .advice, .bad])
        let closed = try machine([
            "sys/power/state": "freeze mem disk\n", "sys/power/resume": "0:0\n", "proc/sys/kernel/yama/ptrace_scope": "1\n",
            "proc/sys/fs/suid_dumpable": "2\n", "proc/sys/kernel/core_pattern": "|/usr/lib/systemd\n",
        ])
        #expect([closed.checks.hibernation, closed.checks.tracing, closed.checks.cores].map(\.level) == [.good, .good, .good])
        withExtendedLifetime((open.rig, closed.rig)) {}
    }

    @Test("what is accepted is said")
    func accepted() throws {
        let rig = try Rig([
            "POST /v1/rollback/acceptance": { _ in .json(Unlocked(notices: ["an older vault was accepted"])) },
            "POST /v1/clock/acceptance": { _ in .nothing },
        ])
        let file = try rig.descriptor("CANARY-password\n")
        let outcome = try rig.run("doctor", "--accept-rollback", "--password-fd", "\(file)")
        #expect(outcome.text.hasPrefix("The vault is taken as it is, and is unlocked.\n"), "\(outcome.messages)")
        #expect(outcome.messages.contains("an older vault was accepted"))
        close(file)
    }

    @Test("root is told that a path alone lists no program, and nobody else is")
    func listedPrograms() throws {
        let rig = try Rig(nil)
        var context = rig.context
        for (user, isTold) in [(UInt32(0), true), (4711, false)] {
            context.userID = user
            let finding = FileChecks(context).findings.first { $0.code == "programs.root" }
            #expect((finding != nil) == isTold)
            #expect(finding?.hint?.contains("sha256") ?? true)
        }
    }

    @Test("agents' badges are called what they are under one's own user")
    func badges() throws {
        let rig = try Rig(nil)
        #expect(!FileChecks(rig.context).findings.contains { $0.code == "agents.badges" })
        try PrivateDirectory.make(rig.paths.agents)
        for name in ["codex", "claude-code"] {
            let file = unsafe open("\(rig.paths.agents)/\(name)", O_CREAT | O_WRONLY, 0o600)
            close(file)
        }
        let finding = try #require(FileChecks(rig.context).findings.first { $0.code == "agents.badges" })
        #expect(finding.level == .advice && finding.title.hasPrefix("claude-code, codex: known by a name badge"))
    }

    @Test("directories and files that others can reach are bad, and end the command with 1")
    func modes() throws {
        let rig = try Rig(["GET /v1/doctor": { _ in .json(DoctorReport(findings: [.init(.good, "memory.secret", "keys lie in secret memory")])) }])
        unsafe mkdir(rig.paths.vault, 0o700)
        #expect(FileChecks(rig.context).directories.level == .good)
        try rig.write("", to: "data/tacit/vault.db", mode: 0o640)
        #expect(FileChecks(rig.context).directories.hint == "chmod 600 \(rig.paths.vault)/vault.db")
        unsafe chmod(rig.paths.vault, 0o755)
        let outcome = try rig.run("doctor")
        #expect(outcome.status == 1)
        #expect(outcome.text.contains("bad     \(rig.paths.vault) can be reached by other users\n        chmod 700 \(rig.paths.vault)\n"))
        #expect(outcome.text.contains("good    keys lie in secret memory"))
        #expect(outcome.text.contains("agents run free under your own uid"))
    }

    @Test("a full disk is bad, and named")
    func fullDisk() throws {
        let rig = try Rig(nil)
        unsafe mkdir(rig.paths.vault, 0o700)
        var checks = FileChecks(rig.context)
        for (room, level) in [(Int64(0), DoctorReport.Level.bad), (4096, .bad), (1 << 20, .good), (nil, .good)] as [(Int64?, DoctorReport.Level)] {
            checks.room = { _ in room }
            let finding = try #require(checks.findings.first { $0.code == "disk.room" })
            #expect(finding.level == level && (level == .good || finding.title.contains(rig.paths.vault)))
        }
    }

    @Test("the three strengths are told, with the one in force, what it does not protect, and how to have the next")
    func strengths() throws {
        let rig = try Rig(nil)
        let same = StrengthChecks(paths: rig.paths, userID: 7).findings
        #expect(same.map(\.code) == ["strength.same-uid", "strength.own-uid", "strength.remote", "agents.free"])
        #expect(same[0].title.contains("in force") && same[0].hint?.contains("environment") == true && same[0].hint?.contains("can be read") == true)
        #expect(same[1].title.contains("not in force") && same[1].hint?.contains("sudo tacit keeper install --system-user") == true)
        let own = StrengthChecks(paths: LocalPaths(ownUserKeeperOf: 4_000_000_000, person: rig.paths), userID: 4_000_000_000).findings
        #expect(own.contains { $0.code == "strength.own-uid" && $0.level == .good && $0.title.contains("\"own uid\", in force") })
        #expect(own.contains { $0.code == "strength.helper" && $0.level == .bad })
        #expect(own.last?.hint?.contains("what they run with a secret is out of their reach") == true)
        #expect(try rig.run("doctor").text.contains("advice  strength \"same uid\", in force"))
    }

    @Test("in a whole agent's sandbox that column is named, and nothing is asked of the keeper")
    func confined() throws {
        let rig = try Rig()
        rig.isConfined = true
        let text = try rig.run("doctor").text
        #expect(text.contains("good    this is a whole agent's sandbox: the left column") && !text.contains("strength") && !text.contains("run free"))
        #expect(rig.keeper?.requests.isEmpty == true)
    }

    @Test("a keeper that tells no more, and none at all, are told apart")
    func keepers() throws {
        #expect(try Rig().run("doctor").text.contains("the keeper runs, version 1.2.3"))
        #expect(try Rig(nil).run("doctor").text.contains("bad     the keeper is not running"))
        let old = try Rig([
            "GET /v1/status": { _ in .json(VaultStatus(state: .locked, keeperVersion: "1.0", keeperProcess: 7, actor: Asker(kind: .person))) }
        ])
        #expect(try old.run("doctor").text.contains("advice  the keeper is of version 1.0, this command of 1.2.3"))
    }

    @Test("the clock and an older vault are accepted with the password")
    func acceptance() throws {
        let rig = try Rig(["POST /v1/clock/acceptance": { _ in .nothing }, "POST /v1/rollback/acceptance": { _ in .json(Unlocked()) }])
        rig.terminal = try FakeTerminal(("Password: ", "CANARY-p\n"))
        _ = try rig.run("doctor", "--accept-clock", "--accept-rollback")
        #expect(rig.keeper?.routes.prefix(3) == ["POST /v1/rollback/acceptance", "POST /v1/step-up", "POST /v1/clock/acceptance"])
        #expect(rig.keeper?.requests.first?.text == "CANARY-p")
    }

    private func text(_ status: VaultStatus) throws -> String {
        let rig = try Rig(["GET /v1/status": { _ in .json(status) }])
        return try rig.run("status").text
    }

    @Test("status says what there is to do next")
    func status() throws {
        #expect(try text(VaultStatus.of(.absent)).contains("Next: `tacit init` makes the vault."))
        #expect(try text(VaultStatus.of(.locked)).contains("Next: `tacit unlock`."))
        #expect(try text(VaultStatus.of(.unlocked, actor: Asker(kind: .unidentified))).contains("Next: unlock it with `tacit unlock`"))
        let doubt = Asker.Doubt(code: "asker.behind-program", message: "another program (make) stands between", hint: "give the password")
        let doubted = try text(VaultStatus.of(.unlocked, actor: Asker(kind: .unidentified, doubt: doubt)))
        #expect(doubted.contains("unidentified: another program (make) stands between") && doubted.contains("Next: give the password."))
        #expect(try text(VaultStatus.of(.unlocked)).contains("you     a person\n"))
        let readOnly = try text(VaultStatus.of(.unlocked, actor: Asker(kind: .person, readOnly: true)))
        #expect(readOnly.contains("you     a person, whom changes and runs ask for the password"))
    }

    @Test("unlock says until when")
    func unlock() throws {
        let rig = try Rig(["POST /v1/unlock": { _ in .json(Unlocked(locksAt: RelativeTime.moment(Rig.now + 900))) }])
        rig.terminal = try FakeTerminal(("Password: ", "p\n"))
        #expect(
            try rig.run("unlock", "--for", "8h").text
                == "Unlocked. It locks in 15 minutes when you do not use it, whatever agents do; `--for 8h` keeps it open for them.\n")
        #expect(rig.keeper?.requests.first?.path == "/v1/unlock?for=8h")
    }

    @Test("an unlock that reaches no further than its command says so")
    func unlockBehindProgram() throws {
        let doubt = Asker.Doubt(code: "asker.behind-program", message: "another program (make) stands between", hint: "give the password")
        let rig = try Rig([
            "GET /v1/status": { _ in .json(VaultStatus.of(.unlocked, actor: Asker(kind: .unidentified, doubt: doubt))) },
            "POST /v1/unlock": { _ in .json(Unlocked()) },
        ])
        rig.terminal = try FakeTerminal(("Password: ", "p\n"))
        #expect(
            try rig.run("unlock").messages.contains(
                "this terminal stays locked, and each command in it will ask: another program (make) stands between"))
    }

    @Test("lock without a keeper starts none")
    func lock() throws {
        let rig = try Rig(nil)
        unsafe mkdir(rig.paths.vault, 0o700)
        try rig.write("", to: "data/tacit/vault.db")
        let outcome = try rig.run("lock")
        #expect(outcome.status == 0)
        #expect(outcome.text == "The vault is locked: no keeper is running.\n")
        #expect(try VaultDoor.decode(rig.run("lock", "--json").output, as: VaultStatus.self).state == .locked)
    }

    @Test("lock says where there is no vault, whether a keeper runs or not", arguments: [true, false])
    func lockOfNothing(hasKeeper: Bool) throws {
        let rig = try Rig(hasKeeper ? ["POST /v1/lock": { _ in .json(VaultStatus.of(.absent)) }] : nil)
        let outcome = try rig.run("lock")
        #expect(outcome.status == 0)
        #expect(outcome.text == "There is no vault yet, so nothing is unlocked: `tacit init` makes one.\n")
        #expect(try VaultDoor.decode(rig.run("lock", "--json").output, as: VaultStatus.self).state == .absent)
    }

    @Test("what a sandbox can have is told, and what it cannot with what makes it possible")
    func sandbox() {
        let layers = RunSandbox(
            namespaces: "on", landlock: "on, version 7", seccomp: "on", network: "none", files: "checked", cgroup: "none: nobody handed one")
        let good = SandboxCheck.finding(SandboxFinding(sandbox: layers))
        #expect(good.level == .good && good.title.contains("Landlock on, version 7"))
        let missing = SandboxCheck.finding(SandboxFinding(reason: "no user namespaces", remedy: "set a sysctl"))
        #expect(missing.level == .advice && missing.title.contains("no user namespaces") && missing.hint == "set a sysctl")
        #expect(SandboxCheck.finding(nil).level == .advice, "nobody looked: that is no good news")
    }
}
