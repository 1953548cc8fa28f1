import Approvals
import Auditing
import Envelopes
import HTTPTypes
import Hummingbird
import Model
import NIOHTTP1
import Policies
import Secrets
import Storage
import TacitWire

/// Turns every error into problem details. What is not known to be safe to show becomes `internal`.
struct ProblemMiddleware: RouterMiddleware {
    @concurrent func handle(
        _ request: Request, context: APIContext, next: @concurrent (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPParserError {
            // The rest of the connection is of no use: the server answers 400 and closes it.
            throw error
        } catch {
            return try Response(ProblemTable.problem(for: error))
        }
    }
}

/// The one table from errors to statuses.
enum ProblemTable {
    static func problem(for error: any Error) -> Problem {
        switch error {
        case let problem as Problem: problem
        case let error as EngineError: engine(error)
        case let error as WireError: Problem("request.malformed", error.message, status: 400)
        case let error as StoreError: store(error)
        case let failure as BrokerFailure:
            Problem(failure.code, failure.message, status: status(of: failure), hint: failure.hint)
        case let failure as RunFailure: Problem(failure.code, failure.message, status: 422, hint: failure.hint)
        case let error as HTTPError where error.status == .notFound:
            Problem("route.not-found", "the API has no such path", status: 404)
        case let error as HTTPError: Problem("request.refused", "the request was refused", status: error.status.code)
        // Cryptographic failures have one face: which check failed is nobody's business.
        case is EnvelopeError: engine(.unreadable)
        case BackupError.wrongPassword, BackupError.wrongKey: known(error, 401)
        case BackupError.unknownRecipient, BackupError.recipientCount: known(error, 400)
        case is BackupError: known(error, 422)
        case is NameError, is ReferenceError, is TimespanError, is MultipartError, is PathError, is RequestError, is RecoveryKeyError:
            known(error, 400)
        case is PolicyError: known(error, 422)
        case ApprovalError.wrongTimedCode, ApprovalError.factorClosed: known(error, 403)
        case is ApprovalError: known(error, 409)
        case is any Diagnosable: known(error, 500)
        default: unknown
        }
    }

    private static func known(_ error: any Error, _ status: Int) -> Problem {
        guard let error = error as? any Diagnosable else { return unknown }
        return Problem(error.code, error.message, status: status, hint: error.hint)
    }

    private static let unknown = Problem(
        "internal", "something went wrong inside the keeper", status: 500, hint: "try again; if it stays, report it")

    private static func engine(_ error: EngineError) -> Problem {
        var problem = Problem(error.code, error.message, status: status(of: error), hint: error.hint)
        if case .denied(let denial) = error {
            problem.rule = denial.rule
            problem.request = denial.request.map { "\($0)" }
        }
        if case .backedOff(let seconds, _) = error { problem.retryAfter = seconds }
        if case .tooManyRuns = error { problem.retryAfter = 5 }
        if case .tooManyRequests = error { problem.retryAfter = 5 }
        if case .rateLimited(let rule, let seconds, _) = error { (problem.rule, problem.retryAfter) = (rule, seconds) }
        if case .tooOften(let seconds) = error { problem.retryAfter = seconds }
        if case .tokensTooOften(let seconds) = error { problem.retryAfter = seconds }
        if case .backupTooSoon(let seconds) = error { problem.retryAfter = seconds }
        return problem
    }

    private static func status(of error: EngineError) -> Int {
        switch error {
        case .noVault, .notFound, .pruned, .versionNotFound, .unknownField, .noRotation: 404
        case .locked: 423
        case .wrongPassword, .wrongRecoveryKey, .stepUpRequired: 401
        case .backedOff, .tooManyRuns, .tooManyRequests, .rateLimited, .tooMany, .tooOften, .tokensTooOften, .backupTooSoon: 429
        case .denied, .expired: 403
        case .vaultExists, .alreadyUnlocked, .nameTaken, .notEmpty, .deleted, .notDeleted, .lastPersonSlot, .rollbackSuspected,
            .checkpointsMissing, .sessionEnded, .rotationUnderway, .backupBusy:
            409
        case .revisionMismatch, .planChanged: 412
        case .invalid, .severalFields, .passwordTooShort, .malformedCheckpoint: 422
        case .recordsDisagree, .logBroken, .unprovable, .unprunable, .prunedInPart, .leavesTraces, .unreadable: 500
        case .logFull, .runnersGone: 503
        case .freezeUnstored, .freezeUnkept, .lockUnwritten, .auditUnwritten: 507
        }
    }

    private static func status(of failure: BrokerFailure) -> Int {
        switch failure {
        case .refused, .address, .revoked: 403
        case .stopped: 422
        case .reply, .unresolved, .unreachable, .untrusted, .cut: 502
        case .timeout: 504
        case .overAllowance: 429
        case .unavailable: 503
        }
    }

    private static func store(_ error: StoreError) -> Problem {
        let status =
            switch error {
            case .conflict, .staleLog, .moved: 409
            case .closed: 423
            case .full: 507
            case .absent: 404
            default: 500
            }
        return Problem(error.code, error.message, status: status, hint: error.hint)
    }
}

extension Response {
    init(_ problem: Problem) throws {
        let data = try WireJSON.encode(problem)
        var headers: HTTPFields = [.contentType: "application/problem+json"]
        if let seconds = problem.retryAfter { headers[.retryAfter] = "\(seconds)" }
        self.init(status: .init(code: problem.status), headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: data)))
    }

    /// A JSON answer.
    init(json value: some Encodable, status: HTTPResponse.Status = .ok) throws {
        self.init(jsonText: try WireJSON.encode(value), status: status)
    }

    /// A JSON answer that was written already.
    init(jsonText bytes: some Sequence<UInt8>, status: HTTPResponse.Status = .ok) {
        self.init(
            status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
