import Approvals
import Auditing
import Envelopes
import Foundation
import Model
import Policies
import ProcessRunner
import StateFiles
import Storage
import TacitWire
import TestKit
import Testing

@testable import APIServer
@testable import Brokering
@testable import Commands
@testable import Secrets

@Suite("Reference page of problems and exit codes") struct ProblemPageTests {
    @Test("docs/PROBLEMS.md has every problem with its status, exit code and next step") func problems() throws {
        let rows = Set(Self.problems.map(Self.row)).sorted()
        let page = """
            # Problems and exit codes

            This page is made from the program: `RECORD=1 swift test --filter ReferenceTests` rewrites it, and the tests fail when it is stale.

            ## Exit codes

            | code | says |
            | --- | --- |
            \(ExitStatus.allCases.map { "| \($0.rawValue) | \($0.meaning) |" }.joined(separator: "\n"))

            `tacit run` ends as the command did: with its own code, or 128 and the number of the signal that ended it. Where Tacit could not run it: 124 the
            time limit, 125 Tacit's own failure or refusal, 126 the program cannot be executed, 127 there is no such program.

            ## What the keeper answers

            Problems are those of RFC 9457: `type` is `tacit:problem:` and the code, `title` one sentence, `status` the HTTP status, `hint` the next step.
            A run that was begun ends with a frame that may carry `run.stopped` or `run.lost` ([SPEC.md](SPEC.md) §10).
            `rule` is the policy's rule, and only for names that the asker may list. `retry_after` is in seconds. The codes are stable, the sentences are not;
            numbers and names in them are examples here. `tacit run` ends with 125, 126 or 127 for `run.` and `injection.`.

            | code | status | exit code | title | next step |
            | --- | --- | --- | --- | --- |
            \(rows.joined(separator: "\n"))

            ## Who is no person, and why

            Where the status (`GET /v1/status`) calls the asker `unidentified`, `actor.doubt` says why: a code, a sentence and the next step. It is about the
            asker alone. A problem never says it, so that it stays the same for a name that is hidden and one that nobody has; the command line adds it.

            | code | why | next step |
            | --- | --- | --- |
            \(Self.doubts.map { "| `\($0.code)` | \($0.message) | \(Self.cell($0.hint)) |" }.joined(separator: "\n"))

            ## What the command says by itself

            With `--json` a failure is an object `error` with `code`, `title` (the sentence), `hint`, and `status`, which is 0 where no keeper answered. These codes come from the command, not from the keeper:
            \(try Self.commandCodes().map { "`\($0)`" }.joined(separator: ", ")).

            """
        try GoldenFile.check(page, against: "PROBLEMS.md", in: "docs")
    }

    @Test("no code of the sources is missing on the page") func complete() throws {
        let page = try String(contentsOfFile: GoldenFile.repositoryRoot + "/docs/PROBLEMS.md", encoding: .utf8)
        let files = [
            "Engine/Secrets/EngineError.swift", "Engine/Secrets/Access/Denial+Reasons.swift", "Core/Storage/Batch.swift",
            "Core/Policies/Document/PolicyError.swift", "Core/Policies/Requests/RequestProblem.swift", "Core/Approvals/ApprovalError.swift",
            "Core/Model/SecretName.swift", "Core/Model/SecretReference.swift", "Core/Model/Timespan.swift", "Core/Envelopes/RecoveryKey.swift",
            "Core/Envelopes/Backups/BackupError.swift", "Engine/Secrets/Backups/BackupGrant.swift",
            "Adapters/ProcessRunner/RunRefusal.swift", "Adapters/ProcessRunner/RunnerError.swift",
            "Adapters/ProcessRunner/Injection/InjectionPlan.swift",
            "Adapters/StateFiles/DiskStateFile.swift", "Servers/APIServer/ProblemMiddleware.swift", "Servers/APIServer/RequestReading.swift",
            "Engine/Secrets/Access/StandingDoubt.swift", "Engine/Secrets/Broker/BrokerFailure.swift",
        ]
        var seen = 0
        for file in files {
            let source = try String(contentsOfFile: "\(GoldenFile.repositoryRoot)/Sources/\(file)", encoding: .utf8)
            for match in source.matches(of: /(?::|code:|Problem\(|String \{) "([a-z_-]+\.[a-z-]+)"/) {
                seen += 1
                // The program answers `run.unavailable` in its place.
                if match.1 == "run.spawner-gone" { continue }
                #expect(page.contains("| `\(match.1)` |"), "\(match.1), in \(file)")
            }
        }
        #expect(seen > 60)
    }

    private static func row(_ problem: Problem) -> String {
        let exit = CommandFailure(problem).status.rawValue
        return "| `\(problem.code)` | \(problem.status) | \(exit) | \(cell(problem.title)) | \(cell(problem.hint ?? "")) |"
    }

    private static func cell(_ text: String) -> String { text.replacing("|", with: "\\|").replacing("\n", with: " ") }

    /// The codes that stand in the sources of the commands.
    private static func commandCodes() throws -> [String] {
        let folder = URL(filePath: "\(GoldenFile.repositoryRoot)/Sources/Clients/Commands")
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? []
        let sources = try files.filter { $0.pathExtension == "swift" }.map { try String(contentsOf: $0, encoding: .utf8) }
        let codes = sources.flatMap { $0.matches(of: /code: "([a-z-]+\.[a-z-]+)"/).map { String($0.1) } }
        return Set(codes).subtracting(problems.map(\.code)).sorted()
    }
}

extension ProblemPageTests {
    /// One problem of every kind that the keeper answers.
    private static var problems: [Problem] {
        (engine + denials + approvals + backups + stores + requests + policies + runs + brokers).map(ProblemTable.problem) + streams
    }

    private static let engine: [any Error] =
        [
            .noVault, .vaultExists, .locked, .alreadyUnlocked, .wrongPassword, .wrongRecoveryKey, .backedOff(seconds: 30),
            .backedOff(seconds: 1800, triesUnknown: true),
            .passwordTooShort,
            .stepUpRequired, .notFound(.secret), .notFound(.project), .notFound(.environment), .notFound(.agent), .notFound(.request),
            .notFound(.authenticator), .notFound(.token), .notFound(.entry), .notFound(.checkpoint), .nameTaken(.secret),
            .nameTaken(.project),
            .nameTaken(.environment), .nameTaken(.agent), .notEmpty(.project), .notEmpty(.environment), .versionNotFound, .deleted, .notDeleted,
            .expired,
            .revisionMismatch(current: 4), .planChanged, .unknownField, .severalFields, .invalid("what makes no sense is said", hint: nil),
            .lastPersonSlot,
            .rotationUnderway, .noRotation,
            .rollbackSuspected,
            .recordsDisagree, .logBroken, .unreadable, .logFull, .auditUnwritten, .tooManyRuns, .runnersGone,
            .backedOff(seconds: 30, triesUnknown: true),
            .checkpointsMissing, .malformedCheckpoint("the checkpoint has no signature"), .tooMany("sessions"), .tooOften(seconds: 60),
            .unprovable(LogBreak(kind: .gap, index: 17, expected: "entry 17", actual: "entry 18")),
            .unprunable(LogBreak(kind: .gap, index: 17, expected: "entry 17", actual: "entry 18")), .pruned(before: 4096),
            .prunedInPart(before: 4096, because: "the disk is full; nothing was stored"),
            .leavesTraces,
            .tokensTooOften(seconds: 60), .freezeUnstored,
            .freezeUnkept, .lockUnwritten,
            .tooManyRequests, .rateLimited(rule: "r", seconds: 30),
            .rateLimited(rule: "r", seconds: 1, limit: .concurrency), .rateLimited(rule: "r", seconds: 30, limit: .bytes), .sessionEnded,
            .backupBusy, .backupTooSoon(seconds: 600), .denied(.backupNotGranted),
        ] as [EngineError]

    /// Every way in which a request through the broker ends without a reply.
    private static let brokers: [any Error] =
        ([.refused, .unresolved, .unreachable, .untrusted, .cut, .timeout, .overAllowance, .revoked, .unavailable] as [BrokerFailure])
        + RequestRefusal.allCases.map { BrokerFailure.stopped(.ambiguous($0)) }
        + ExchangeRefusal.allCases.map { BrokerFailure.stopped(.exchange($0)) }
        + SignatureRefusal.allCases.map { BrokerFailure.stopped(.signature($0)) }
        + FrameRefusal.allCases.map { BrokerFailure.stopped(.frames($0)) }
        + ([
            .egress(Egress(name: "n", bytesSent: 0)), .stray(GrantID(random: RandomBytes { [UInt8](repeating: 1, count: $0) })), .unreadableBody,
            .bodyTooLong, .codedBody,
        ] as [ExchangeStop])
        .map(BrokerFailure.stopped) + ReplyRefusal.allCases.map(BrokerFailure.reply)
        + AddressKind.allCases.filter { $0 != .global }.map { BrokerFailure.address(AddressRefusal(kind: $0)) }

    private static let backups: [any Error] =
        [
            .notABackup, .newer(2), .wrongPassword, .wrongKey, .needsPassword, .needsIdentity, .changed(piece: 7), .cut, .leftOver, .malformed,
            .unknownRecipient,
        ] as [BackupError]

    private static let approvals: [any Error] =
        ([
            .notPending, .notApproved, .isProposal, .isUse, .budgetTooLarge, .otherSubject, .wrongCode, .wrongTimedCode(triesLeft: 4), .factorClosed,
        ] as [ApprovalError])
        + ([
            .denied(.tooManyRequests), .denied(.tooManyOfProcess), .denied(.abandoned), .denied(.approvalDenied(rule: "r", request: request)),
            .denied(.notBound(rule: "r")),
            .denied(.approvalRequired(rule: "r", request: request)),
        ] as [EngineError])
    private static let request = AnyRecordID(random: RandomBytes { [UInt8](repeating: 1, count: $0) })

    private static let doubts: [StandingDoubt] = [
        .otherUser, .hidden, .behind("make"), .adopted, .belowFirstProcess, .leaderless, .otherSession, .idle, .otherProgram, .agentsDoor,
    ]

    private static let denials: [any Error] =
        [
            EngineError.denied(.personOnly), EngineError.denied(.frozen), EngineError.denied(.tokenRevoked), EngineError.denied(.tokenExpired),
            EngineError.denied(.tokenForeign), EngineError.denied(.badBadge),
        ] + rulings.map { EngineError.denied(.init($0)) }

    /// One denial of every code that the policy decides.
    private static var rulings: [PolicyDenial] {
        let curl = OpenedProgram(path: "/usr/bin/curl", runsAnyCode: false, isWritableByCaller: false, isBound: true)
        return [
            ruling(.maskedReturn), ruling(rule("block_always")), ruling(rule("require_session")),
            ruling(rule("block_models", #","models":["*"]"#)), ruling(rule("require_confirmation", #","by":"person""#)),
            ruling(rule("require_confirmation", #","by":"agent""#)),
            ruling(#","command_rules":[{"name":"r","agent_id":"a","keys":["s"],"programs":["/usr/bin/psql"]}]"#, program: curl),
            ruling(unsandboxed: "deny"),
        ].compactMap(\.self)
    }

    private static func rule(_ kind: String, _ more: String = "") -> String {
        #","tag_rules":[{"name":"r","kind":"\#(kind)","tags":["t"]\#(more)}]"#
    }

    private static func ruling(_ capability: Capability) -> PolicyDenial? { ruling("", capability) }

    private static func ruling(
        _ rules: String = "", _ capability: Capability = .envInject, program: OpenedProgram? = nil, unsandboxed: String = "allow"
    ) -> PolicyDenial? {
        let policy = #"{"name":"p","agent_id":"a","allowed_keys":["s"],"capabilities":["env_inject"],"unsandboxed":"\#(unsandboxed)"}"#
        guard let document = try? PolicyDocument(json: Array(#"{"policies":[\#(policy)]\#(rules)}"#.utf8)),
            let agent = try? SegmentName("a", of: .agent), let scope = try? Scope(parsing: "default/dev"), let secret = try? SecretName("s")
        else { return nil }
        let circumstances = PolicyCircumstances(tags: ["t"], program: program)
        let query = PolicyQuery(agent: .agent(agent), scope: scope, secret: secret, capability: capability, circumstances: circumstances)
        switch document.decision(for: query) {
        case .deny(let denial): return denial
        case .allow(let grant): return PolicyDenial(unmet: .sandbox, of: grant)
        }
    }

    private static let stores: [any Error] =
        [
            .conflict(.secret), .staleLog(expected: 3), .full, .damaged("a row has the wrong form"), .absent(path: "/path"), .held,
            .moved(path: "/path/vault.db", isReplaced: false), .moved(path: "/path/vault.db", isReplaced: true), .closed,
            .strayLog(path: "/path/vault.db-wal"), .newer(version: 2),
            .loosePermissions(path: "/path", fix: "chmod 700 /path"), .failed("the reason"),
            .misplaced(path: "/path", thing: "directory", fix: "the fix"),
            .refusedBySystem(what: "/path could not be made", reason: "permission denied"),
        ] as [StoreError]

    private static let requests: [any Error] = [
        WireError.notJSON, StateFileError.unreadable(path: "/path"), SessionFileError.notWritten, NameError.badCharacter(.secret),
        RecoveryKeyError.mistyped(group: 3),
        RecoveryKeyError.wrongLength(64),
        RecoveryKeyError.badCharacter(group: 3), reference,
        timespan,
    ]

    private static var reference: any Error { thrown { _ = try SecretReference(parsing: "a b") } }
    private static var timespan: any Error { thrown { _ = try Timespan(parsing: "soon") } }

    private static let policies: [any Error] =
        [
            "x", "{", #"{"policies":[],"rules":[]}"#, #"{"policies":[],"policies":[]}"#, "{}", #"{"policies":1}"#, document(#""home":"mine""#),
            document(#""capabilities":["reveal","reveal"]"#), #"{"policies":[{"name":"","agent_id":"a"}]}"#,
            #"{"policies":[{"name":"p","agent_id":"a","denied_keys":["x"]},{"name":"p","agent_id":"a","denied_keys":["x"]}]}"#,
            document(#""allowed_keys":[]"#), document(#""allowed_keys":["x"]"#), document(#""environments":["dev"]"#),
            document(#""denied_keys":["a b"]"#),
            document(#""denied_keys":["a*","ab"]"#), beside(#""tag_rules":[{"name":"r","kind":"notify","tags":["t"],"by":"agent"}]"#),
            beside(#""command_rules":[{"name":"r","agent_id":"a","keys":["s"],"sha256":["0"]}]"#),
            beside(#""tests":[{"name":"t","agent":"a","secret":"s","expect":"deny","rule":"x"}]"#),
            request(#""hosts":["*.com"],"paths":["/"]"#), request(#""hosts":["a.example"],"paths":["/a/../b"]"#),
            String(repeating: " ", count: 300_000),
        ].map { text in thrown { _ = try PolicyDocument(json: Array(text.utf8)) } }
        + [PolicyError(path: "tests[0]", reason: .testFails(expected: "allow", got: "deny", hint: nil))]

    private static func beside(_ list: String) -> String { #"{"policies":[],\#(list)}"# }

    private static func request(_ members: String) -> String { beside(#""request_rules":[{"name":"r","agent_id":"a",\#(members)}]"#) }

    private static func document(_ member: String) -> String { #"{"policies":[{"name":"p","agent_id":"a",\#(member)}]}"# }

    private static let runs: [any Error] =
        ([
            .emptyCommand, .notFound("name"), .notExecutable("name", Errno(code: 13)), .badShebang("/path"), .tooManyScripts("/path"),
            .accidentGuard(word: "env"),
            .noDirectory("/path", Errno(code: 2)), .noPrivateDirectory(Errno(code: 28)), .noTerminal(Errno(code: 28)), .noFile(Errno(code: 28)),
            .notShown("/path", Errno(code: 22)),
            .injection(.badName),
            .injection(.dangerous("PATH")),
            .injection(.taken("A")), .injection(.twoInputs), .injection(.hasNUL(variable: "A")), .injection(.tooLong(variable: "A")), .tooLarge,
            .noSandbox("why", "what helps"), .noSandboxThere("/path", "why"), .notCopied("/path", "why", "what helps"),
            .notConfined(Errno(code: 1)),
        ] as [RunRefusal]).map(\.failure)
        + ([.noDescriptors(Errno(code: 24)), .starterRefused(Errno(code: 111)), .runnerGone, .runnerSilent, .malformedAnswer] as [RunnerError])

    /// What is answered without an error of its own.
    private static let streams = [
        Problem("route.not-found", "the API has no such path", status: 404), Problem("request.refused", "the request was refused", status: 400),
        Problem("request.too-large", "the request is too large", status: 413), ProblemTable.problem(for: Unknown()),
    ]

    private struct Unknown: Error {}

    private static func thrown(_ body: () throws -> Void) -> any Error {
        do {
            try body()
            return Unknown()
        } catch { return error }
    }
}
