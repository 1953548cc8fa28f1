import Auditing
package import Model
import Policies
import Storage

/// A session that an agent wants, or that a person wakes for one.
package struct SessionWish: Sendable {
    /// Where its names are looked up.
    package var place: Scope
    package var covers: [String]
    package var purpose: String
    package var life: Duration?
    /// How long it stays awake without being used.
    package var patience: Duration?
    /// The agent it is for, where a person wakes it.
    package var agent: SegmentName?

    package init(place: Scope, covers: [String], purpose: String) {
        self.place = place
        self.covers = covers
        self.purpose = purpose
    }
}

/// A session that is awake, for whoever may know of it.
package struct SessionView: Sendable {
    package var id: String
    package var agent: String
    package var place: Scope
    package var covers: [String]
    package var purpose: String
    package var isPersons: Bool
    package var wokenAt: Timestamp
    package var until: Timestamp
    /// When it falls asleep unless it is used.
    package var sleepsAt: Timestamp
}

/// Which sessions and files are to end.
package struct SleepWish: Sendable {
    package enum What: String, Sendable, CaseIterable { case all, session, files, tokens }
    package var what = What.all
    /// Only these; empty for all.
    package var ids: [String] = []
    /// Only this agent's, where a person asks.
    package var agent: SegmentName?

    package init() {}
}

/// What ended.
package struct Slumber: Sendable, Equatable {
    package var sessions = 0
    package var files = 0
    /// The agent's own.
    package var tokens = 0
}

extension OpenVault {
    /// Wakes a session. Its entry is durable before it covers anything.
    package func wakeSession(_ wish: SessionWish, by asker: Asker) async throws -> (session: SessionView, entry: Int64) {
        let covers = try Self.covers(wish)
        let life = wish.life ?? AgentSession.usualLife
        guard AgentSession.lives.contains(life) else {
            throw EngineError.invalid("a session lasts between a minute and eight hours", hint: "ask for the shortest time that is enough")
        }
        let patience = min(life, wish.patience ?? AgentSession.usualPatience)
        guard patience >= AgentSession.lives.lowerBound else {
            throw EngineError.invalid("a session waits at least a minute for its next use", hint: nil)
        }
        let purpose = try await purpose(wish.purpose, of: asker)
        let (holder, agent) = try await holder(wish.agent, asker)
        guard sessions.hasRoom(for: holder, now: clock.steady()) else { throw EngineError.tooMany("sessions") }
        let (permit, subjects) = try await permitWaking(covers, by: asker)
        let id = "s" + random.bytes(8).hexadecimal
        let detail = [
            AuditFact("session", id), AuditFact("for", agent), AuditFact("ttl", Timespan(life)), AuditFact("sleeps-after", Timespan(patience)),
            AuditFact("purpose", purpose),
        ]
        let entry = try await authorizer.commit(permit, on: subjects, detail: detail)
        let now = clock.steady()
        let session = AgentSession(
            id: id, holder: holder, agent: agent, place: wish.place, covers: covers, purpose: purpose, isPersons: !asker.isAgent, wokenAt: now,
            until: now.advanced(by: life), patience: patience, usedAt: now)
        guard sessions.add(session) else { throw EngineError.tooMany("sessions") }
        do { try await checkStands(holder) } catch {
            try? await note(sessions.end { $0.id == id }, []) { _ in "revoked" }
            throw error
        }
        return (view(session), entry)
    }

    /// Ends sessions and removes files: an agent's own, or, for a person, any.
    package func sleep(_ wish: SleepWish, by asker: Asker) async throws -> Slumber {
        let holder = asker.isAgent || wish.agent != nil ? try await self.holder(wish.agent, asker).holder : nil
        func isMeant(_ owner: SessionHolder, _ ids: [String?]) -> Bool {
            (holder == nil || owner == holder) && (wish.ids.isEmpty || ids.contains { id in id.map(wish.ids.contains) ?? false })
        }
        // First they end: an entry that cannot be written keeps nothing awake.
        let ended = [.all, .session].contains(wish.what) ? sessions.end { isMeant($0.holder, [$0.id]) } : []
        let gone = Set(ended.map(\.id))
        let removed =
            wish.what == .tokens
            ? [] : files.end { file in isMeant(file.holder, [file.id]) && wish.what != .session || !file.sessions.isDisjoint(with: gone) }
        let tokens =
            [.all, .tokens].contains(wish.what) && wish.ids.isEmpty ? await endAgentTokens { owner in holder.map { $0 == owner } ?? true } : 0
        // With it the values that it holds: what is asked afterwards is judged anew. An agent in its sandbox keeps the broker that is its way out: that is its run's.
        let brokers =
            [.all, .tokens].contains(wish.what) && wish.ids.isEmpty
            ? self.brokers.end(sparingRuns: asker.isConfined) { owner in holder.map { $0 == owner } ?? true } : 0
        let permit = try await authorizer.permit(Act(.sessionSleep, .none, asker.isAgent ? .nothing : .person), by: asker, on: [])
        let detail =
            ended.map { AuditFact("session", $0.id) } + removed.map { AuditFact("file", $0.id) }
            + (brokers > 0 ? [AuditFact("brokers", brokers)] : []) + (tokens > 0 ? [AuditFact("tokens", tokens)] : [])
        try await authorizer.commit(permit, on: [], detail: detail.isEmpty ? [AuditFact("ended", "nothing")] : detail)
        return Slumber(sessions: ended.count, files: removed.count, tokens: tokens)
    }

    /// The sessions that are awake: an agent's own, or, for a person, every agent's.
    package func listSessions(by asker: Asker) async throws -> [SessionView] {
        let access = try await authorizer.authorize(Act(.sessionList, .list, asker.isAgent ? .nothing : .person), by: asker, on: [])
        return await concludingPlainly(access) { awakeSessions(for: asker) }
    }

    /// What the status of the vault tells of sessions: each asker's own, and to a person all.
    package func awakeSessions(for asker: Asker) -> [SessionView] {
        sessions.awake(of: asker.holder, now: clock.steady()).map(view)
    }

    /// Ends what is over: sessions whose time has come or that nobody used, and files, those of a session that fell asleep among them.
    func sleepExpired() async throws {
        let now = clock.steady()
        let over = sessions.end { !$0.isAwake(now) }
        let gone = Set(over.map(\.id))
        let removed = files.end { $0.until <= now || !$0.sessions.isDisjoint(with: gone) }
        try await note(over, removed) { now < $0.until ? "unused" : "expired" }
    }

    /// Ends what an agent has whose badge is made worthless, and its runs.
    func endHoldings(of holder: SessionHolder) async {
        lasting.runs.stop { $0.holder == holder }
        sessions.forgetAcknowledgements { $0 == holder }
        brokers.end { $0 == holder }
        let ended = sessions.end { $0.holder == holder }
        let removed = files.end { $0.holder == holder }
        // They have ended, whether that can be written down or not.
        try? await note(ended, removed) { _ in "revoked" }
    }

    /// Removes the session files that another policy may not allow: it is in force.
    func endFiles() async {
        // They have ended, whether that can be written down or not.
        try? await note([], files.end { !$0.isJudgedInUse }) { _ in "" }
    }

    /// Stores what happens to secrets, and removes the session files that say of them what was true before: also when it failed, since it may be stored
    /// all the same.
    @discardableResult
    func endingFiles<Result>(of subjects: [AuditSubject], after fate: SecretFate?, _ store: () async throws -> Result) async throws -> Result {
        do {
            let result = try await store()
            await endFiles(of: subjects, after: fate)
            return result
        } catch {
            await endFiles(of: subjects, after: fate)
            throw error
        }
    }

    private func endFiles(of subjects: [AuditSubject], after fate: SecretFate?) async {
        guard let fate else { return }
        let secrets = Set(subjects.compactMap(\.secret))
        let removed = files.end { $0.holdings.contains { secrets.contains($0.secret) && fate.ends($0.kind) } }
        try? await note([], removed) { _ in "" }
    }

    /// Writes down that a file was removed because nobody may read it any more.
    func noteRead(_ file: SessionFile) async { try? await note([], [file]) { _ in "" } }

    private func note(_ ended: [AgentSession], _ removed: [SessionFile], _ reason: (AgentSession) -> String) async throws {
        let keeper = Asker.keeper(foundation.keeper)
        for session in ended {
            try await authorizer.state(
                .sessionSleep, by: keeper, on: [AuditSubject(name: session.agent)],
                detail: [AuditFact("session", session.id), AuditFact("reason", reason(session))])
        }
        for file in removed {
            try await authorizer.state(.fileRemove, by: keeper, on: [AuditSubject(name: file.agent)], detail: [AuditFact("file", file.id)])
        }
    }
}

extension OpenVault {
    /// The most things that one session covers.
    static let longestCovering = 32

    private static func covers(_ wish: SessionWish) throws -> [SessionCover] {
        guard (1...longestCovering).contains(wish.covers.count) else {
            throw EngineError.invalid("a session covers between 1 and \(longestCovering) things", hint: nil)
        }
        return try wish.covers.reduce(into: []) { covers, text in
            let cover = try SessionCover(parsing: text, in: wish.place)
            if !covers.contains(cover) { covers.append(cover) }
        }
    }

    /// Whose sessions an asker means: an agent its own, a person those of a registered agent.
    private func holder(_ agent: SegmentName?, _ asker: Asker) async throws -> (holder: SessionHolder, name: String) {
        if let holder = asker.holder {
            guard agent == nil else { throw EngineError.denied(.personOnly) }
            return (holder, asker.agentName)
        }
        guard let agent else { throw EngineError.invalid("a session is an agent's", hint: "name the agent; `tacit agent list` shows them") }
        guard let row = try await book.record(.agent, parent: nil, name: agent.description) else { throw EngineError.notFound(.agent) }
        return (.agent(row.id.cast()), agent.description)
    }

    /// Allows a session over these: names and places that the asker may not know of are as absent as those that are not there.
    private func permitWaking(_ covers: [SessionCover], by asker: Asker) async throws -> (Permit, [AuditSubject]) {
        let byName = Act(.sessionWake, .none, .capability(.referenceOnly))
        var (named, places): ([Target], [Target]) = ([], [])
        for cover in covers {
            if case .secret(let scope, let name) = cover {
                let secret = try await sought(name, in: scope, for: byName, by: asker)
                named.append(try await judged(scope, name, secret, by: asker))
            } else {
                places.append(Target(scope: cover.scope, subject: AuditSubject(name: "\(cover.text(in: cover.scope)) in \(cover.scope)")))
            }
        }
        var permit: Permit?
        if !named.isEmpty { permit = try await authorizer.permit(byName, by: asker, on: named) }
        if !places.isEmpty { permit = try await authorizer.permit(Act(.sessionWake, .none, .listing), by: asker, on: places) }
        guard let permit else { throw EngineError.invalid("a session covers something", hint: nil) }
        return (permit, (named + places).map(\.subject))
    }

    /// Moments since boot become times of day.
    private func view(_ session: AgentSession) -> SessionView {
        SessionView(
            id: session.id, agent: session.agent, place: session.place, covers: session.covers.map { $0.text(in: session.place) },
            purpose: session.purpose, isPersons: session.isPersons, wokenAt: wallTime(session.wokenAt), until: wallTime(session.until),
            sleepsAt: wallTime(session.sleepsAt))
    }

    func wallTime(_ steady: Timestamp) -> Timestamp { clock.now().advanced(by: steady.duration(since: clock.steady())) }

    private func concludingPlainly<Result>(_ access: AuthorizedAccess, _ body: () -> Result) async -> Result {
        let result = body()
        await authorizer.conclude(access, result: "done")
        return result
    }
}
