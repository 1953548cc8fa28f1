import Approvals
import Auditing
import Model
import Policies
import TestKit
import Testing

@testable import Secrets

/// What an approval binds besides program, arguments and secrets, and whose it is.
extension ApprovalTests {
    @Test("what a person denied stays denied for ten minutes, without another row; what is changed, or another's, is asked")
    func denied() async throws {
        let bench = try await bench()
        let first = try await asked(bench, try wish())
        _ = try await bench.open.decide(first.id, .deny, code: "\(first.code)", by: bench.person())
        for purpose in ["list", "please"] {
            let refusal = await denial { _ = try await bench.open.prepareRun(try wish { $0.purpose = purpose }, by: bench.agent()) }
            #expect(refusal?.code == "not_permitted" && refusal?.request == first.id)
            #expect(refusal?.reason.contains("ten minutes") == true && refusal?.nextStep?.contains("changed") == true)
        }
        #expect(try await bench.open.requests(by: bench.person()).count == 1)
        #expect(try await asked(bench, try wish(["curl", "y"])).id != first.id)
        #expect(try await asked(bench, try wish(), by: bench.otherAgent()).id != first.id)
        bench.machine.advance(ApprovalRequest.denialLife)
        try await bench.unlock()
        #expect(try await asked(bench, try wish()).id != first.id)
    }

    @Test("an approved run of a program without badge is that process's, and no other's") func unshared() async throws {
        let bench = try await bench()
        try await bench.allow([.envInject], agent: "unidentified", rules: Self.live)
        func process(_ number: Int32) -> Asker {
            var asker = bench.nobody()
            asker.origin.process = number
            return asker
        }
        let request = try await asked(bench, try wish(), by: process(77))
        #expect(try await asked(bench, try wish(), by: process(78)).id != request.id)
        try await approve(bench, request, uses: 3)
        #expect(await denial { _ = try await bench.open.prepareRun(try wish(), by: process(78)) }?.code == "approval_required")
        bench.machine.advance(.seconds(60))
        var successor = process(77)
        successor.processStart = try UInt64(bench.open.clock.steady().nanoseconds / 10_000_000)
        #expect(try await asked(bench, try wish(), by: successor).id != request.id, "a later process of the same number is another")
        _ = try await bench.open.prepareRun(try wish(), by: process(77))
    }

    @Test("the directory is bound as it was opened: through a link it is the same, and another one in its place is not") func directory() async throws
    {
        let bench = try await bench()
        let there = try wish { $0.workingDirectory = "/srv" }
        let request = try await asked(bench, there)
        guard case .use(let subject, _) = request.request.matter else { throw TestFailure("no use") }
        #expect(subject.workingDirectory == FilePlace(path: "/real/srv", device: 1, inode: 7))
        try await approve(bench, request, uses: 2)
        bench.runners.moveDirectories()
        #expect(try await asked(bench, there).id != request.id)
    }

    @Test("an approval of a run in a sandbox is none of a run without, and says that files are not bound") func confinement() async throws {
        let bench = try await bench()
        let confined = try wish { $0.isSandboxed = true }
        let request = try await asked(bench, confined)
        guard case .use(let subject, _) = request.request.matter else { throw TestFailure("no use") }
        #expect(subject.sandbox == BoundSandbox(isRequired: true) && subject.program?.notBound == ["files that the program reads"])
        try await approve(bench, request, uses: 2)
        #expect(try await asked(bench, try wish()).id != request.id)
        _ = try await bench.open.prepareRun(confined, by: bench.agent())
    }

    @Test("what is changed while a person is asked is not had by what was known of it before") func changedMeanwhile() async throws {
        let bench = try await bench(holding: .seconds(600))
        async let run = code { _ = try await bench.open.prepareRun(try wish(), by: bench.agent()) }
        let request = try await firstRequest(bench)
        _ = try await bench.open.delete(try SecretName("app/key"), in: VaultBench.dev, by: bench.person())
        try await approve(bench, request)
        #expect(await run == "request.invalid")
        #expect(try await bench.log().allSatisfy { $0.action != .known(.secretInject) || $0.phase != .intent })
    }

    private func code(_ body: () async throws -> Void) async -> String? {
        do { try await body() } catch { return (error as? any Diagnosable)?.code }
        return nil
    }

    @Test("an agent chooses nothing that is not bound: its time limit is, and the mask of new files is the keeper's") func fixed() async throws {
        let bench = try await bench()
        let wish = try wish { ($0.fileMask, $0.timeout) = (0, .seconds(9)) }
        let request = try await asked(bench, wish)
        guard case .use(let subject, _) = request.request.matter else { throw TestFailure("no use") }
        #expect(subject.timeLimit == .seconds(9))
        try await approve(bench, request)
        let job = try await bench.open.prepareRun(wish, by: bench.agent()).job
        #expect(job.fileMask == 0o077 && job.timeout == .seconds(9))
    }

    @Test("each secret has its own name in the request, in the order in which they are bound, and where it goes") func destinations() async throws {
        let bench = try await bench()
        var write = VaultBench.write("app/login", bench.canary().secret, field: "user", kind: .plain)
        write.fields.append(.init(name: VaultBench.segment("password"), kind: .secret, value: bench.canary().secret))
        write.bindings = [("PGUSER", VaultBench.segment("user")), ("PGPASSWORD", VaultBench.segment("password"))]
        _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person())
        let wish = try wish(["curl"], ["app/login", "app/key", "app/other"]) { wish in
            wish.secrets[1].way = .file
            wish.secrets[2].way = .standardInput(Self.text("Authorization: Bearer ", "\n"))
        }
        let request = try await asked(bench, wish)
        guard case .use(let subject, let names) = request.request.matter else { throw TestFailure("no use") }
        #expect(names == ["app/login#user@1", "app/login#password@1", "app/key@1", "app/other@1"].map { "default/dev/\($0)" })
        #expect(
            subject.secrets.map(\.destination) == [
                .variable("PGUSER"), .variable("PGPASSWORD"), .file("APP_KEY"), .standardInput(Self.text("Authorization: Bearer ", "\n")),
            ])
        #expect(subject.variables == ["APP_KEY", "PGPASSWORD", "PGUSER"])
        try await approve(bench, request)
        let values = try await bench.open.prepareRun(wish, by: bench.agent()).job.values
        #expect(values.map(\.variable) == ["PGUSER", "PGPASSWORD", "APP_KEY", nil] && values.map(\.isFile) == [false, false, true, false])
        #expect(values.map(\.text.before) == ["", "", "", "Authorization: Bearer "] && values.map(\.text.after) == ["", "", "", "\n"])
    }
}
