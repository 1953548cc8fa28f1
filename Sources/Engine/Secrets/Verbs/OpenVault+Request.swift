import Auditing
import Brokering
import Model
import Policies

extension OpenVault {
    /// Has the agent's broker make one request with a secret. The intent is durable before the value is opened, and the value goes to the broker alone.
    ///
    /// Where the service says that the credential is not good, and a rule says how it is renewed, that is done and the request made once more.
    package func request(_ wish: ErrandWish, by asker: Asker) async throws -> ErrandResult {
        let (result, item) = try await requestOnce(wish, by: asker)
        guard result.reply.status == 401, wish.reference.version == nil, let record = item.record, let version = item.version,
            isRenewable(wish.reference.name, in: item.scope, for: asker),
            await renewed(record, wish.reference.name, in: item.scope, by: asker, over: version) != nil
        else { return result }
        return try await requestOnce(wish, by: asker).result
    }

    private func requestOnce(_ wish: ErrandWish, by asker: Asker) async throws -> (result: ErrandResult, item: ErrandItem) {
        let purpose = try await purpose(wish.purpose, of: asker)
        guard let holder = asker.holder else {
            throw EngineError.invalid(
                "requests through the broker are for agents", hint: "give a program of yours the value: `tacit run -k NAME -- curl …`")
        }
        var worded = try wish.draft()
        let act = Act(.request, .resolve, .capability(.broker))
        let scope = wish.reference.scope ?? wish.scope
        worded.service = policy.view(for: asker, in: scope)?.service(at: "\(worded.target.origin.host)")
        let draft = worded
        var record = try await sought(wish.reference.name, in: scope, for: act, by: asker)
        var version = wish.reference.version.map(Int64.init) ?? record?.current
        var target = try await judged(scope, wish.reference.name, record, version: version, by: asker)
        let place = place(of: draft, with: wish.reference.name, in: scope, by: asker)
        target.request = draft.question(at: place)
        if target.exists { try await authorizer.refuseHopeless(act, by: asker, on: [target]) }
        try await authorizer.foresee(act, by: asker, on: [target])
        // Not before a person approved, where a rule wants that: then it is over.
        if let old = record, isExpired(old), wish.reference.version == nil, authorizer.ruleForApproval(act, by: asker, on: [target]) == nil,
            let newer = await renewed(old, wish.reference.name, in: scope, by: asker, over: old.current)
        {
            let question = target.request
            (record, version) = (newer, newer.current)
            target = try await judged(scope, wish.reference.name, newer, version: version, by: asker)
            target.request = question
        }
        let item = ErrandItem(reference: wish.reference, scope: scope, record: record, version: version)
        let (subject, chosen) = (target, item)
        let judge = try await refusing(act, subject, by: asker) {
            try await self.judge(wish, draft, chosen, at: place, purpose, act, subject, by: asker)
        }
        return (try await perform(judge, for: holder), item)
    }

    /// Where the broker writes the token: the first place of the rule that lists the request, else the provider's. Whoever asks has no say in it.
    private func place(of draft: RequestDraft, with name: SecretName, in scope: Scope, by asker: Asker) -> TokenPlace? {
        guard let question = draft.question(at: nil), let terms = policy.view(for: asker, in: scope)?.terms(of: question, with: name) else {
            return nil
        }
        return RequestDraft.place(among: terms.places) ?? terms.places.first
    }

    /// Finds the field, and makes the grant and its token. Nothing of it is stored, and nothing of the value is looked at.
    private func judge(
        _ wish: ErrandWish, _ draft: RequestDraft, _ item: ErrandItem, at place: TokenPlace?, _ purpose: String, _ act: Act, _ target: Target,
        by asker: Asker
    ) async throws -> ErrandJudge {
        guard let record = item.record, let version = item.version, let place else { throw EngineError.notFound(.secret) }
        // A rule may list more than its author thought of: what comes back from there would be a credential that nobody seals.
        if draft.provider?.givesCredentials(at: draft.target.judgedPath) == true {
            let terms = target.request.flatMap { policy.view(for: asker, in: item.scope)?.terms(of: $0, with: item.reference.name) }
            guard terms?.seal != nil else { throw EngineError.denied(.givesCredentials) }
        }
        try usable(record)
        let manifest = try await shelf.manifest(record, version: version)
        let (ordinal, field) = try manifest.chosen(item.reference.field)
        guard field.kind == .secret else { throw EngineError.invalid("a request is made with a secret field, and this one is plain", hint: nil) }
        let grant = GrantID(random: random)
        let head: ReceivedHead
        let token = try fakeToken(of: grant, for: draft.provider)
        do { head = try draft.head(showing: token, at: place) } catch { throw EngineError(error) }
        var errand = Errand(
            origin: draft.target.origin, head: head, body: draft.body, tokens: [grant: token], timeout: wish.timeout ?? ErrandWish.usualTimeout,
            mostBytes: wish.mostBytes ?? ErrandWish.usualBytes)
        // The rule that lists it says so, or it is not allowed.
        errand.allowsEncodedSlash = true
        let label = manifest.fields.count > 1 ? "\(item.reference.name)#\(field.name)" : "\(item.reference.name)"
        let name = name(of: field, in: manifest, item.reference.name, in: item.scope, version: version)
        let held = ErrandJudge.Held(record: record, version: version, ordinal: ordinal, label: label, name: name, kind: field.kind)
        return ErrandJudge(
            self, errand: errand, draft: draft, asked: draft.asked(showing: grant, at: place), grant: grant, place: place, held: held, act: act,
            target: target, asker: asker, purpose: purpose, isAwaited: wish.isAwaited)
    }

    /// The token of a grant, like the provider's own where one is known. The shape says nothing of the value, at which nobody has looked.
    private func fakeToken(of grant: GrantID, for provider: Provider?) throws -> FakeToken {
        let shape = provider.map(\.shape).flatMap { $0.role == .authenticates ? $0 : nil } ?? TokenShape.neutral()
        guard let shape, let token = keyring.keys.fakeTokens.token(of: grant, shaped: shape) else { throw EngineError.unreadable }
        return token
    }

    private func perform(_ judge: ErrandJudge, for holder: SessionHolder) async throws -> ErrandResult {
        let loan = try await refusing(judge.act, judge.target, by: judge.asker) { try await brokers.lend(to: holder, now: clock.steady()) }
        defer { brokers.giveBack(loan, now: clock.steady()) }
        judge.begin(on: loan)
        do {
            let reply = try await loan.broker.perform(judge.errand, judgedBy: judge)
            return try await judge.result(reply)
        } catch { throw await judge.failure(after: error) }
    }

    /// Writes down what is refused before the judge is asked.
    private func refusing<Result>(_ act: Act, _ target: Target, by asker: Asker, _ body: () async throws -> Result) async throws -> Result {
        do { return try await body() } catch {
            try await authorizer.refuse(act, by: asker, on: [target.subject], code: (error as? any Diagnosable)?.code ?? "internal")
            throw error
        }
    }
}

/// The secret that a request is made with, as it was looked up.
private struct ErrandItem {
    var reference: SecretReference
    var scope: Scope
    var record: SecretRecord?
    var version: Int64?
}
