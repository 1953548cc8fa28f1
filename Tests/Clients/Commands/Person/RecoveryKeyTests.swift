import Glibc
import TacitClient
import TacitWire
import TestKit
import Testing

@testable import Commands

@Suite("Passwords and recovery keys")
struct RecoveryKeyTests {
    static let key = "RD17J-ZVJQC-VGD1D-04BHV-30BQ3-GHTKV-1QH5N-TFTBF-MYXNQ-8QE59-W4G4R-JXC3C-JJK02"

    static func freshVault() throws -> Rig {
        try Rig([
            "GET /v1/status": { _ in .json(VaultStatus.of(.absent)) },
            "POST /v1/vault": { _ in .json(VaultCreated(organization: "o", verifierKey: "v"), status: 201) },
            "POST /v1/slots/recovery": { @Sendable _ in .octets(key) },
        ])
    }

    /// The group that the screen asks for.
    @Sendable static func askedGroup(_ screen: String) -> String {
        guard let match = screen.matches(of: #/type group ([0-9]+): /#).last, let number = Int(match.1) else { return "" }
        return String(key.split(separator: "-")[number - 1])
    }

    @Test("init asks twice, advises, shows the recovery key once and has one group typed")
    func initialize() throws {
        let rig = try Self.freshVault()
        rig.environment["TERM"] = "xterm"
        let terminal = try FakeTerminal([
            ("Password for the new vault: ", { @Sendable _ in "short\n" }),
            ("Password for the new vault: ", { @Sendable _ in "CANARY-lamp quilt\n" }),
            ("Once more: ", { @Sendable _ in "CANARY-other one\n" }), ("Password for the new vault: ", { @Sendable _ in "CANARY-lamp quilt\n" }),
            ("Once more: ", { @Sendable _ in "CANARY-lamp quilt\n" }), ("To confirm, type group ", { @Sendable _ in "" }),
            (": ", { @Sendable _ in "AAAAA\n" }),
            ("To confirm, type group ", { @Sendable _ in "" }), (": ", { @Sendable in Self.askedGroup($0).lowercased() + "\n" }),
        ])
        rig.terminal = terminal
        let outcome = try rig.run("init")
        #expect(outcome.status == 0, "\(outcome.messages)")
        #expect(outcome.text.hasPrefix("The vault is made in \(rig.paths.vault)"))
        #expect(!outcome.text.contains("RD17J"), "the key goes to the terminal alone")
        let screen = terminal.screen
        #expect(screen.contains("At least 8 characters."))
        #expect(screen.contains("Strength: "))
        #expect(screen.contains("The two differ."))
        #expect(screen.contains("   1  RD17J ZVJQC VGD1D 04BHV 30BQ3"))
        #expect(screen.contains("  11  W4G4R JXC3C JJK02"))
        #expect(screen.contains("That is not group"))
        #expect(screen.contains("\u{1B}[12A\r\u{1B}[J"), "the key is taken off the screen")
        #expect(!screen.contains("CANARY"))
        #expect(rig.keeper?.routes == ["POST /v1/vault", "POST /v1/step-up", "POST /v1/slots/recovery"])
        #expect(rig.keeper?.requests.first?.text == "CANARY-lamp quilt")
    }

    @Test("who leaves at the confirmation has read what is done, and hears the rest") func unconfirmed() throws {
        let rig = try Self.freshVault()
        let terminal = try FakeTerminal([
            ("Password for the new vault: ", { @Sendable _ in "CANARY-lamp quilt\n" }), ("Once more: ", { @Sendable _ in "CANARY-lamp quilt\n" }),
            ("To confirm, type group ", { @Sendable _ in "" }), (": ", { @Sendable _ in "\u{04}" }),
        ])
        rig.terminal = terminal
        let outcome = try rig.run("init")
        #expect(outcome.status == 0 && outcome.text.contains("Next: `tacit set NAME` stores a secret"), "\(outcome.messages)")
        let screen = terminal.screen
        let (made, shown) = (screen.firstRange(of: "The vault is made in"), screen.firstRange(of: "RD17J"))
        #expect(try #require(made).lowerBound < #require(shown).lowerBound, "whoever breaks off at the question has read it")
        #expect(screen.contains("The recovery key was not confirmed. It is in force"))
    }

    @Test("init without a terminal: password and key go over descriptors")
    func scripted() throws {
        let rig = try Self.freshVault()
        let password = try rig.descriptor("CANARY-password\n")
        let path = rig.directory.path("recovery")
        let out = unsafe open(path, O_RDWR | O_CREAT, 0o600)
        #expect(
            try rig.run("init", "--password-fd", "\(password)", "--recovery-out", "\(out)", "--json").text
                == #"{"organization":"o","verifier_key":"v"}"# + "\n")
        #expect(try Input.readFile(path, limit: 1000, naming: "x") == Array("\(Self.key)\n".utf8))
        close(password)
        close(out)
    }

    @Test("a recovery key that nobody can be given is refused before the vault is made")
    func nowhere() throws {
        let rig = try Self.freshVault()
        let password = try rig.descriptor("CANARY-password\n")
        let outcome = try rig.run("init", "--password-fd", "\(password)")
        #expect(outcome.status == 2)
        #expect(outcome.messages.contains("--recovery-out FD"))
        #expect(rig.keeper?.routes == [])
        close(password)
    }

    @Test("a descriptor that cannot be written to is refused before the vault is made, and a key that did not get through is told")
    func descriptors() throws {
        let rig = try Self.freshVault()
        let reading = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
        let full = unsafe open("/dev/full", O_WRONLY | O_CLOEXEC)
        defer {
            close(reading)
            close(full)
        }
        for descriptor in [reading, 999] {
            let password = try rig.descriptor("CANARY-password\n")
            let outcome = try rig.run("init", "--password-fd", "\(password)", "--recovery-out", "\(descriptor)")
            #expect(outcome.status == 2)
            #expect(outcome.messages.contains("descriptor \(descriptor) cannot be written to"))
            #expect(rig.keeper?.routes == [])
            close(password)
        }
        let password = try rig.descriptor("CANARY-password\n")
        let outcome = try rig.run("init", "--password-fd", "\(password)", "--recovery-out", "\(full)")
        #expect(outcome.status == 1)
        #expect(outcome.messages.contains("nobody has it") && outcome.messages.contains("tacit slot replace-recovery"))
        #expect(!outcome.messages.contains("RD17J"))
        close(password)
    }

    @Test("`--no-recovery` says what it means")
    func without() throws {
        let rig = try Self.freshVault()
        let password = try rig.descriptor("CANARY-password")
        let outcome = try rig.run("init", "--password-fd", "\(password)", "--no-recovery")
        #expect(outcome.status == 0)
        #expect(outcome.messages.contains("if the password is lost, nobody can open this vault"))
        #expect(rig.keeper?.routes == ["POST /v1/vault", "POST /v1/step-up"])
        close(password)
    }

    @Test("a second vault is refused")
    func second() throws {
        let outcome = try Rig().run("init", "--no-recovery")
        #expect(outcome.status == 1)
        #expect(outcome.messages.contains("there is a vault already"))
    }

    @Test("unlock --recovery takes the key unseen, sets a password, and hands the new key over")
    func recover() throws {
        let rig = try Rig(["POST /v1/recovery": { _ in .octets(Self.key) }])
        let terminal = try FakeTerminal([
            ("Recovery key: ", { @Sendable _ in "CANARY-OLD-KEY\n" }), ("New password: ", { @Sendable _ in "CANARY-new password\n" }),
            ("Once more: ", { @Sendable _ in "CANARY-new password\n" }), ("To confirm, type group ", { @Sendable _ in "" }),
            (": ", { @Sendable in Self.askedGroup($0) + "\n" }),
        ])
        rig.terminal = terminal
        #expect(try rig.run("unlock", "--recovery").status == 0)
        let sent = try #require(rig.keeper?.requests.first)
        #expect(sent.text.contains("name=\"recovery-key\"\r\n\r\nCANARY-OLD-KEY\r\n"))
        #expect(sent.text.contains("name=\"password\"\r\n\r\nCANARY-new password\r\n"))
        #expect(!terminal.screen.contains("CANARY"))
    }

    @Test("password change sends both, typed or from descriptors")
    func change() throws {
        let rig = try Rig(["POST /v1/password": { _ in .nothing }])
        rig.terminal = try FakeTerminal(("Password: ", "CANARY-old\n"), ("New password: ", "CANARY-new1\n"), ("Once more: ", "CANARY-new1\n"))
        #expect(try rig.run("password", "change").status == 0)
        #expect(rig.keeper?.requests.last?.text.contains("name=\"current\"\r\n\r\nCANARY-old\r\n") == true)
        #expect(rig.keeper?.requests.last?.text.contains("name=\"new\"\r\n\r\nCANARY-new1\r\n") == true)
        let both = try rig.descriptor("CANARY-one1\nCANARY-two2\n")
        #expect(try rig.run("password", "change", "--password-fd", "\(both)", "--new-password-fd", "\(both)").status == 0)
        #expect(rig.keeper?.requests.last?.text.contains("name=\"new\"\r\n\r\nCANARY-two2\r\n") == true)
        close(both)
    }

    @Test("root rotation with a recovery key hands the new one over")
    func rotate() throws {
        let slots = Page(items: [SlotSummary(id: "1", kind: .recovery, createdAt: "2025-11-21T04:00:00Z")])
        let rig = try Rig(["GET /v1/slots": { _ in .json(slots) }, "POST /v1/rotations/root": { _ in .octets(Self.key) }])
        let password = try rig.descriptor("CANARY-password")
        let refused = try rig.run("rotate", "root", "--password-fd", "\(password)")
        #expect(refused.status == 2, "nowhere to show the key")
        #expect(rig.keeper?.routes.contains("POST /v1/rotations/root") == false)
        close(password)
        rig.terminal = try FakeTerminal([
            ("Password: ", { @Sendable _ in "CANARY-password\n" }), ("To confirm, type group ", { @Sendable _ in "" }),
            (": ", { @Sendable in Self.askedGroup($0) + "\n" }),
        ])
        let outcome = try rig.run("rotate", "root")
        #expect(outcome.status == 0)
        #expect(outcome.text.contains("so is the recovery key") && outcome.text.contains("tacit backup schedule"))
        #expect(rig.keeper?.requests.last { $0.route == "POST /v1/rotations/root" }?.text == "CANARY-password")
    }
}
