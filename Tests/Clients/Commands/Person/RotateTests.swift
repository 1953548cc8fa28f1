import Dispatch
import Glibc
import Synchronization
import TacitWire
import TestKit
import Testing

@testable import Commands

@Suite("Rotation of keys")
struct RotateTests {
    private static func state(_ phase: RotationState.Phase, _ versions: Int64, kind: RotationRequest.Kind = .project) -> RotationState {
        RotationState(
            kind: kind, project: kind == .project ? "shop" : nil, startedAt: "2025-11-21T04:00:00Z", phase: phase, versions: versions, total: 2000,
            destroyedKeys: phase == .done ? 1 : nil)
    }

    /// A keeper that moves a thousand versions at a time, checks, and is done.
    private static func rig(_ kind: RotationRequest.Kind = .project) throws -> Rig {
        let steps = Mutex(0)
        return try Rig([
            "POST /v1/rotations": { _ in .json(state(.moving, 0, kind: kind)) },
            "GET /v1/rotations": { _ in .json(RotationStatus(rotation: state(.moving, 1000, kind: kind))) },
            "POST /v1/rotations/portions": { _ in
                let step = steps.withLock { step in
                    step += 1
                    return step
                }
                return .json(
                    step == 1 ? state(.moving, 1000, kind: kind) : step == 2 ? state(.checking, 2000, kind: kind) : state(.done, 2000, kind: kind))
            },
        ])
    }

    private static func run(_ rig: Rig, _ words: String...) throws -> Rig.Outcome {
        let password = try rig.descriptor("CANARY-password\n")
        defer { close(password) }
        return try rig.run(words + ["--password-fd", "\(password)"])
    }

    @Test("a project's key is rotated portion by portion, with a plain line for every tenth where there is no terminal")
    func project() throws {
        let rig = try Self.rig()
        let outcome = try Self.run(rig, "rotate", "project", "shop")
        #expect(outcome.status == 0)
        #expect(outcome.text == "The key of project shop is new: 2,000 versions were moved under it, the old key is destroyed.\n")
        let lines = outcome.messages.split(separator: "\n").map(String.init)
        #expect(lines.count == 3 && lines[0] == "tacit: 0%  0 of 2,000 versions")
        #expect(lines[1].hasPrefix("tacit: 50%  1,000 of 2,000 versions, ") && lines[1].hasSuffix(" left") && lines[2] == "tacit: checking")
        #expect(rig.keeper?.requests.first { $0.route == "POST /v1/rotations" }?.text == "{\"kind\":\"project\",\"project\":\"shop\"}")
        #expect(rig.keeper?.routes.filter { $0 == "POST /v1/rotations/portions" }.count == 3)
        #expect(rig.keeper?.routes.first { $0.hasPrefix("POST") } == "POST /v1/step-up")
    }

    @Test("the organization key is rotated by one request, and the key that verifies checkpoints is told") func organization() throws {
        let rotated = OrganizationRotated(generation: 2, rows: 1234, endedTokens: 1, verifierKey: "tacit.local/x+00+AA==")
        func rig() throws -> Rig { try Rig(["POST /v1/rotations/organization": { _ in .json(rotated) }]) }
        let outcome = try Self.run(try rig(), "rotate", "organization")
        #expect(outcome.status == 0)
        #expect(outcome.text.hasPrefix("The organization key is new (generation 2): 1,234 rows are under it, 1 fake token ended.\n"))
        #expect(outcome.text.contains("tacit.local/x+00+AA==") && outcome.text.contains("tacit backup schedule"))
        let asked = try rig()
        let json = try Self.run(asked, "rotate", "organization", "--json")
        #expect(json.text.contains("\"ended_tokens\":1") && json.text.contains("\"verifier_key\""))
        #expect(asked.keeper?.routes.filter { $0.hasPrefix("POST") } == ["POST /v1/step-up", "POST /v1/rotations/organization"])
        let refused = try Rig(["POST /v1/rotations/organization": { _ in .problem("rotation.underway", 409) }])
        #expect(try Self.run(refused, "rotate", "organization").status != 0)
    }

    @Test("the rate at which rows are made anew is of those that were seen to be done") func organizationRate() throws {
        let isUnderway = Mutex(false)
        let isTold = DispatchSemaphore(value: 0)
        let rig = try Rig([
            "GET /v1/status": { _ in
                var status = VaultStatus(state: .unlocked, keeperVersion: "1", keeperProcess: 7, actor: Asker(kind: .person))
                guard isUnderway.withLock({ $0 }) else { return .json(status) }
                status.rotating = OrganizationProgress(rows: 500, total: 2000)
                isTold.signal()
                return .json(status)
            },
            "POST /v1/rotations/organization": { _ in
                isUnderway.withLock { $0 = true }
                isTold.wait()
                return .json(OrganizationRotated(generation: 2, rows: 2000, endedTokens: 0, verifierKey: "tacit.local/x+00+AA=="))
            },
        ])
        #expect(try Self.run(rig, "rotate", "organization").messages == "tacit: 25%  500 of 2,000 rows\n")
    }

    @Test("how far the organization key is, is told by status") func organizationProgress() throws {
        let rig = try Rig([
            "GET /v1/rotations": { _ in .json(RotationStatus(organization: OrganizationProgress(rows: 1000, total: 20_000))) }
        ])
        let outcome = try Self.run(rig, "rotate", "status")
        #expect(outcome.text == "The organization key is being rotated: 1,000 of 20,000 rows are made anew.\n")
    }

    @Test("on a terminal a bar is drawn over itself and taken away") func bar() throws {
        #expect(ProgressMeter.bar(0, of: 2000) == "[" + String(repeating: ".", count: 24) + "]")
        #expect(ProgressMeter.bar(1000, of: 2000) == "[" + String(repeating: "#", count: 12) + String(repeating: ".", count: 12) + "]")
        for (done, total) in [(2000, 2000), (2001, 2000), (0, 0)] as [(Int64, Int64)] {
            #expect(ProgressMeter.bar(done, of: total) == "[" + String(repeating: "#", count: 24) + "]")
        }
    }

    @Test(
        "rate and remaining time are of what was done in this command",
        arguments: [
            (0, 0, 2000, 1.0, "0%  0 of 2,000 versions"), (500, 0, 2000, 2.0, "25%  500 of 2,000 versions, 250/s, 6 seconds left"),
            (1500, 1000, 2000, 1.0, "75%  1,500 of 2,000 versions, 500/s, 1 second left"),
            (2000, 0, 2000, 1.0, "100%  2,000 of 2,000 versions, 2,000/s"),
            (1_234_567, 0, 5_000_000, 60.0, "24%  1,234,567 of 5,000,000 versions, 20,576/s, 3 minutes left"),
            (0, 0, 0, 1.0, "100%  0 of 0 versions"),
        ] as [(Int64, Int64, Int64, Double, String)])
    func text(_ done: Int64, _ first: Int64, _ total: Int64, _ seconds: Double, _ expected: String) {
        #expect(ProgressMeter.text(done, of: total, since: first, "versions", in: .seconds(seconds)) == expected)
    }

    @Test("a reseal says so, JSON is the end of it alone, and a portion's size goes along")
    func reseal() throws {
        let outcome = try Self.run(try Self.rig(.reseal), "rotate", "reseal")
        #expect(outcome.text == "Everything is sealed anew: 2,000 versions were moved under new keys, the old key is destroyed.\n")
        let rig = try Self.rig(.reseal)
        let json = try Self.run(rig, "rotate", "reseal", "--json", "--portion", "7")
        #expect(json.messages.isEmpty)
        #expect(json.text.contains("\"destroyed_keys\":1") && json.text.contains("\"phase\":\"done\""))
        #expect(rig.keeper?.requests.contains { $0.path == "/v1/rotations/portions?size=7" } == true)
        for wrong in ["0", "10001", "x"] { #expect(try Self.run(rig, "rotate", "reseal", "--portion", wrong).status == 2) }
    }

    @Test("resume goes on where it stood, or says that there is nothing") func resume() throws {
        let rig = try Self.rig()
        let outcome = try Self.run(rig, "rotate", "resume")
        #expect(outcome.status == 0 && outcome.messages.hasPrefix("tacit: 50%  1,000 of 2,000 versions\n"))
        #expect(rig.keeper?.routes.contains("POST /v1/rotations") == false)
        let none = try Rig([
            "GET /v1/rotations": { _ in .json(RotationStatus()) },
            "POST /v1/rotations/portions": { _ in .problem("rotation.none", 404, "no rotation of keys goes on") },
        ])
        let nothing = try Self.run(none, "rotate", "resume")
        #expect(nothing.status == 3 && nothing.messages.contains("no rotation of keys goes on"))
    }

    @Test("whatever stops it, the next step is said") func failure() throws {
        let rig = try Rig([
            "POST /v1/rotations": { _ in .json(Self.state(.moving, 0)) },
            "POST /v1/rotations/portions": { _ in .problem("store.full", 507, "the disk is full; nothing was stored", hint: "free some space") },
        ])
        let outcome = try Self.run(rig, "rotate", "project", "shop")
        #expect(outcome.status == 1)
        #expect(
            outcome.messages.contains("the disk is full")
                && outcome.messages.contains("free some space; nothing is lost; go on with `tacit rotate resume`"))
    }

    @Test("status says how far it is") func status() throws {
        let rig = try Self.rig()
        let outcome = try rig.run("rotate", "status")
        #expect(outcome.text.hasPrefix("The key of project shop is being rotated: 1,000 of 2,000 versions moved, begun "))
        #expect(try rig.run("rotate", "status", "--json").text.contains("\"versions\":1000"))
        let none = try Rig(["GET /v1/rotations": { _ in .json(RotationStatus()) }])
        #expect(try none.run("rotate", "status").text == "No rotation goes on.\n")
    }
}
