package import Approvals
import Auditing
package import Model
import Storage

/// A request as its asker or a person sees it.
package struct RequestView: Sendable {
    package let id: AnyRecordID
    package let code: RequestCode
    package let request: ApprovalRequest
    package let standing: ApprovalRequest.Standing
    /// For a person: what is known of each name of a proposal, in its order; empty for everybody else.
    package var names: [ProposedName] = []
}

extension OpenVault {
    /// How many uses, and how many proposals, of one agent may wait at once: a person who is asked too often says yes to everything.
    ///
    /// Programs without a badge share one measure, of which a single process gets a part.
    static let mostWaiting = 10
    static let mostWaitingOfProcess = 3
    /// How long a request that is over is still shown, and how many of them.
    static let keptFor = Duration.seconds(7 * 86_400)
    static let mostKept = 100

    /// Writes a request down, or finds the one that asks for the same: it is open, or a person denied it a short time ago.
    ///
    /// `isAwaited` is asked where requests are withdrawn, too, so that none comes to stand there behind the end of those who would send it.
    func ask(
        _ request: ApprovalRequest, by asker: Asker, on subjects: [AuditSubject], detail: [AuditFact] = [],
        isAwaited: @Sendable () -> Bool = { true }
    ) async throws -> RequestView {
        try await requestGate.pass { [self] in
            guard isAwaited() else { throw EngineError.denied(.abandoned) }
            let now = expiryClock()
            let rows = try await requestRows()
            let same = rows.last { row in
                let isAnswered = row.request.standing(at: now).isOpen || row.request.isFreshlyDenied(at: now)
                return isAnswered && isAuthor(asker, of: row.request) && row.request.asksForTheSame(as: request)
            }
            if let same { return view(same, at: now) }
            try checkRoom(for: request, by: asker, among: rows, at: now)
            let id = AnyRecordID(random: random)
            var change = Change()
            let record = try record(of: request, id: id)
            change.put(record, replacing: nil)
            for row in Self.forgettable(rows, at: now) { change.remove(row.record) }
            let permit = try await authorizer.permit(Act(.approvalRequest, .none, .nothing), by: asker, on: [])
            try await authorizer.commit(permit, change, on: subjects + [AuditSubject(record: id)], detail: detail)
            bell.ring()
            return view(RequestRow(id: id, record: record, request: request), at: now)
        }
    }

    private func checkRoom(for request: ApprovalRequest, by asker: Asker, among rows: [RequestRow], at now: Timestamp) throws {
        let waiting = rows.map(\.request).filter { other in
            other.asker.agent == request.asker.agent && other.isProposal == request.isProposal && other.standing(at: now) == .pending
        }
        guard waiting.count < Self.mostWaiting else { throw EngineError.denied(.tooManyRequests) }
        guard asker.agent == nil, waiting.count(where: { isAuthor(asker, of: $0) }) >= Self.mostWaitingOfProcess else { return }
        throw EngineError.denied(.tooManyOfProcess)
    }

    /// Those that are over and old, or too many; the log keeps what became of them. A denial is kept as long as it answers.
    private static func forgettable(_ rows: [RequestRow], at now: Timestamp) -> [RequestRow] {
        let over = rows.filter { !$0.request.standing(at: now).isOpen && !$0.request.isFreshlyDenied(at: now) }
        let surplus = over.dropLast(mostKept - 1).map(\.id)
        return over.filter { now >= $0.request.expiresAt.advanced(by: keptFor) || surplus.contains($0.id) }
    }

    /// Every request, for a person; oldest first.
    package func requests(by asker: Asker) async throws -> [RequestView] {
        let access = try await authorizer.authorize(Act(.approvalList, .administer, .person), by: asker, on: [])
        return try await concluding(access) {
            let now = expiryClock()
            var views = try await requestRows().map { view($0, at: now) }
            for index in views.indices where views[index].standing == .pending { views[index].names = try await facts(about: views[index].request) }
            return views
        }
    }

    /// Every request as soon as one was made or decided since `mark`, and the mark of now; nil when nothing was within `limit`.
    ///
    /// Waiting is not listing: it is written down when something is shown.
    package func requests(
        since mark: UInt64?, waiting limit: Duration, by asker: Asker
    ) async throws -> (mark: UInt64, requests: [RequestView]?) {
        try await authorizer.foresee(Act(.approvalList, .administer, .person), by: asker, on: [])
        let listener = try bell.listen()
        if bell.count == mark {
            await listener.wait(atMost: limit)
            _ = try bell.listen()
        }
        let now = bell.count
        return now == mark ? (now, nil) : (now, try await requests(by: asker))
    }

    /// One request of the asker's own; waits a while for a decision when there is none yet. Another's request is as one that is not there.
    package func request(_ id: AnyRecordID, waiting limit: Duration, by asker: Asker) async throws -> RequestView {
        let deadline = clock.steady().advanced(by: limit)
        while true {
            let listener = try bell.listen()
            let rows = try await requestRows()
            guard let row = rows.first(where: { $0.id == id }), mayFollow(asker, row.request) else { throw EngineError.notFound(.request) }
            let seen = view(row, at: expiryClock())
            let left = deadline.duration(since: clock.steady())
            guard seen.standing == .pending, left > .zero else { return seen }
            await listener.wait(atMost: left)
        }
    }

    /// Decides a pending request. `code` is what the person typed beside it; `timedCode` are the six digits of their authenticator, where they gave those
    /// and not the password.
    package func decide(
        _ id: AnyRecordID, _ verdict: RequestVerdict, code: String, timedCode: String? = nil, by asker: Asker
    ) async throws -> RequestView {
        try await requestGate.pass { [self] in
            let asker = try await personShowing(timedCode, asker)
            let act = Act(verdict.action, .administer, .stepUp)
            let permit = try await authorizer.permit(act, by: asker, on: [])
            guard var row = try await requestRows().first(where: { $0.id == id }) else { throw EngineError.notFound(.request) }
            guard row.code.matches(code) else { throw ApprovalError.wrongCode }
            let now = expiryClock()
            switch verdict {
            case .approve(let uses, let time): try row.request.approve(.init(uses: uses, until: now.advanced(by: time)), at: now)
            case .deny: try row.request.deny(at: now)
            case .done: try row.request.complete(at: now)
            }
            let record = try record(of: row.request, id: id, replacing: row.record)
            var change = Change()
            change.put(record, replacing: row.record)
            if timedCode == nil { try await forgiveFactor(in: &change) }
            let proof = AuditFact("by", timedCode == nil ? "password" : "authenticator")
            try await authorizer.commit(permit, change, on: [AuditSubject(record: id)], detail: [proof])
            bell.ring()
            var decided = view(RequestRow(id: id, record: record, request: row.request), at: now)
            decided.names = try await facts(about: row.request)
            return decided
        }
    }

    /// Whether a request is the asker's own; a person may follow each.
    private func mayFollow(_ asker: Asker, _ request: ApprovalRequest) -> Bool {
        if case .person = asker.standing { true } else { isAuthor(asker, of: request) }
    }

    func view(_ row: RequestRow, at now: Timestamp) -> RequestView {
        RequestView(id: row.id, code: row.code, request: row.request, standing: row.request.standing(at: now))
    }
}

/// What a person decides.
package enum RequestVerdict: Sendable {
    case approve(uses: Int64, time: Duration)
    case deny
    /// A proposal was completed.
    case done

    var action: AuditAction {
        switch self {
        case .approve: .approvalGrant
        case .deny: .approvalDeny
        case .done: .approvalDone
        }
    }
}

extension ApprovalRequest.Standing {
    /// Whether asking for the same again would change nothing.
    var isOpen: Bool {
        switch self {
        case .pending, .approved: true
        case .denied, .expired, .usedUp, .done: false
        }
    }
}

extension ApprovalRequest.Asker {
    init(_ asker: Asker) {
        var name: String?
        if case .agent(_, let known) = asker.standing { name = known.description }
        self.init(
            agent: asker.agent, name: name, reportedModel: asker.reportedModel.map { "\(QuotedText($0))" }, user: asker.origin.userName,
            host: asker.origin.host, process: Int64(asker.origin.process), executable: asker.origin.executable)
    }
}
