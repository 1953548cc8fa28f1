import Approvals
import Auditing
import Envelopes
import Hummingbird
import Model
import Policies
import Secrets
import Storage
import TacitWire
import Testing

@testable import APIServer

@Suite("From errors to problems")
struct ProblemTableTests {
    private static let denial = EngineError.Denial(code: "not_permitted", reason: "no", rule: "rule", nextStep: "ask")

    @Test(
        "what the engine refuses has a status of its own",
        arguments: [
            (.noVault, 404, "vault.absent"), (.vaultExists, 409, "vault.exists"), (.locked, 423, "vault.locked"),
            (.alreadyUnlocked, 409, "vault.unlocked"), (.wrongPassword, 401, "unlock.failed"), (.wrongRecoveryKey, 401, "unlock.failed"),
            (.backedOff(seconds: 30), 429, "unlock.backed-off"), (.backedOff(seconds: 30, triesUnknown: true), 429, "unlock.tries-unknown"),
            (.malformedCheckpoint("what"), 422, "audit.malformed-checkpoint"), (.checkpointsMissing, 409, "vault.checkpoints-missing"),
            (.passwordTooShort, 422, "password.too-short"),
            (.stepUpRequired, 401, "step-up.required"), (.denied(denial), 403, "not_permitted"), (.notFound(.secret), 404, "secret.not-found"),
            (.notFound(.project), 404, "project.not-found"), (.nameTaken(.environment), 409, "environment.exists"),
            (.notEmpty(.project), 409, "project.not-empty"), (.versionNotFound, 404, "version.not-found"), (.deleted, 409, "secret.deleted"),
            (.notDeleted, 409, "secret.not-deleted"), (.expired, 403, "secret.expired"), (.revisionMismatch(current: 4), 412, "revision.mismatch"),
            (.planChanged, 412, "plan.changed"), (.rotationUnderway, 409, "rotation.underway"), (.noRotation, 404, "rotation.none"),
            (.unknownField, 404, "field.not-found"), (.severalFields, 422, "secret.several-fields"),
            (.invalid("what", hint: nil), 422, "request.invalid"), (.lastPersonSlot, 409, "slot.last"),
            (.rollbackSuspected, 409, "vault.rollback-suspected"), (.recordsDisagree, 500, "vault.records-disagree"),
            (.logBroken, 500, "vault.log-broken"), (.unreadable, 500, "vault.unreadable"), (.logFull, 503, "audit.full"),
            (.auditUnwritten, 507, "audit.unwritten"),
            (.tooManyRuns, 429, "run.too-many"), (.runnersGone, 503, "run.unavailable"), (.backupBusy, 409, "backup.busy"),
            (.backupTooSoon(seconds: 9), 429, "backup.too-soon"), (.notFound(.entry), 404, "entry.not-found"),
            (.notFound(.checkpoint), 404, "checkpoint.not-found"),
            (.unprovable(LogBreak(kind: .gap, index: 17, expected: "entry 17", actual: "entry 18")), 500, "audit.unprovable"),
            (.unprunable(LogBreak(kind: .gap, index: 17, expected: "entry 17", actual: "entry 18")), 500, "audit.unprunable"),
            (.pruned(before: 4096), 404, "audit.pruned"),
            (.prunedInPart(before: 4096, because: "the disk is full"), 500, "audit.pruned-in-part"),
            (.leavesTraces, 500, "store.traces"),
        ] as [(EngineError, Int, String)])
    func engine(error: EngineError, status: Int, code: String) {
        let problem = ProblemTable.problem(for: error)
        #expect(problem.status == status && problem.code == code)
        #expect(problem.title == error.message && problem.hint == error.hint)
        #expect(problem.type == "tacit:problem:\(code)")
    }

    @Test("a denial names its rule, a wait its seconds")
    func details() {
        #expect(ProblemTable.problem(for: EngineError.denied(Self.denial)).rule == "rule")
        #expect(ProblemTable.problem(for: EngineError.backedOff(seconds: 30)).retryAfter == 30)
        #expect(ProblemTable.problem(for: EngineError.tooManyRuns).retryAfter == 5)
    }

    @Test(
        "what the store says has a status of its own",
        arguments: [
            (.conflict(.secret), 409), (.conflict(nil), 409), (.staleLog(expected: 3), 409), (.full, 507), (.damaged("x"), 500),
            (.absent(path: "/p"), 404), (.moved(path: "/p", isReplaced: true), 409), (.closed, 423), (.strayLog(path: "/p"), 500), (.held, 500),
            (.newer(version: 9), 500), (.loosePermissions(path: "/p", fix: "f"), 500),
            (.misplaced(path: "/p", thing: "directory", fix: "f"), 500), (.failed("x"), 500),
            (.refusedBySystem(what: "/p could not be made", reason: "permission denied"), 500),
        ] as [(StoreError, Int)])
    func store(error: StoreError, status: Int) {
        let problem = ProblemTable.problem(for: error)
        #expect(problem.status == status && problem.code == error.code)
    }

    @Test("what the asker wrote wrong is theirs, what broke inside is ours")
    func others() {
        struct Foreign: Error {}
        struct Known: Diagnosable {
            var code: String { "state.unusable" }
            var message: String { "a file could not be written" }
        }
        let cases: [(any Error, Int, String)] = [
            (BackupError.wrongPassword, 401, "backup.wrong-password"), (BackupError.wrongKey, 401, "backup.wrong-key"),
            (BackupError.cut, 422, "backup.cut"), (BackupError.newer(3), 422, "backup.newer"),
            (BackupError.unknownRecipient, 400, "backup.recipient"),
            (WireError.notJSON, 400, "request.malformed"), (WireError.doubledField("a"), 400, "request.malformed"),
            (MultipartError.malformed, 400, "request.malformed"), (PathError.unknownQuery, 400, "request.malformed"),
            (ApprovalError.notPending, 409, "approval.not-pending"), (ApprovalError.wrongTimedCode(triesLeft: 1), 403, "totp.wrong-code"),
            (ApprovalError.factorClosed, 403, "totp.closed"), (HTTPError(.notFound), 404, "route.not-found"),
            (HTTPError(.badRequest), 400, "request.refused"),
            (EnvelopeError.authenticationFailed, 500, "vault.unreadable"), (EnvelopeError.commitmentMismatch, 500, "vault.unreadable"),
            (RunFailure(status: 127, code: "run.program-not-found", message: "m"), 422, "run.program-not-found"),
            (Known(), 500, "state.unusable"), (Foreign(), 500, "internal"), (CancellationError(), 500, "internal"),
            (Problem("a.b", "c", status: 418), 418, "a.b"),
        ]
        for (error, status, code) in cases {
            let problem = ProblemTable.problem(for: error)
            #expect(problem.status == status && problem.code == code, "\(error)")
        }
        #expect((try? SecretName("a//b")) == nil)
        do { _ = try SecretName("CANARY-bad name\u{1B}") } catch {
            let problem = ProblemTable.problem(for: error)
            #expect(problem.status == 400)
        }
    }

    @Test("a foreign error's text stays inside")
    func foreign() {
        struct Foreign: Error, CustomStringConvertible { var description: String { "CANARY-inside" } }
        let problem = ProblemTable.problem(for: Foreign())
        #expect(!"\(problem)".contains("CANARY"))
    }
}
