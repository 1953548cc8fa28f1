import Auditing
package import Model
import Policies
import Storage

/// A file that an agent wants for a program which it does not start itself.
package struct InjectionWish: Sendable {
    package enum Content: String, Sendable, CaseIterable { case references, values }

    package var scope: Scope
    package var secrets: [RunWish.Secret]
    package var content = Content.references
    package var format = SessionFileDraft.Format.dotenv
    package var life: Duration?
    /// How often it can be read; nil for a file that lasts its time.
    package var reads: Int?
    package var purpose: String
    /// Whether somebody still waits for the answer.
    package var isAwaited: @Sendable () -> Bool = { true }

    package init(scope: Scope, secrets: [RunWish.Secret], purpose: String) {
        self.scope = scope
        self.secrets = secrets
        self.purpose = purpose
    }
}

/// A session file, without what is in it.
package struct InjectedFile: Sendable {
    /// What stands in it: fake tokens where values were wished for and the policy lists requests with the secrets.
    package enum Content: String, Sendable { case references, values, tokens }

    package var id: String
    package var content: Content
    package var place: SessionFilePlace
    package var variables: [String]
    package var expiresAt: Timestamp
    package var entry: Int64
}

extension OpenVault {
    /// How often a session file that is offered as a pipe may be read.
    package static let readLimits = 1...100
    /// The most secrets of one file.
    static let longestInjection = 64

    /// Writes a session file for an agent: references, or, where policy and rules allow it, values. The intent is durable before a value is opened.
    package func inject(_ wish: InjectionWish, by asker: Asker) async throws -> InjectedFile {
        let purpose = try await purpose(wish.purpose, of: asker)
        let life = try Self.life(of: wish)
        guard let holder = asker.holder else {
            throw EngineError.invalid("session files are for agents", hint: "write a file of your own with `tacit inject`")
        }
        guard files.hasRoom(for: holder) else { throw EngineError.tooMany("session files") }
        var run = RunWish(arguments: [], scope: wish.scope)
        run.secrets = wish.secrets
        var content: InjectedFile.Content = wish.content == .values ? .values : .references
        var wanted = try await wantedSecrets(run, for: Self.act(content), by: asker)
        if content == .values, tokensInPlace(of: &wanted, for: asker) != nil { content = .tokens }
        let act = Self.act(content)
        var targets: [Target] = []
        for item in wanted {
            var target = try await judged(item.scope, item.name, item.record, version: item.version, by: asker)
            target.getsToken = item.isToken
            targets.append(target)
        }
        // A secret beside a token is one whose value was wished for.
        try await checkUnmixed(Self.act(.values), wanted, targets, hint: "write a file for each", by: asker)
        let id = SessionFileDraft.freshID(random)
        let detail = [
            AuditFact("file", id), AuditFact("content", content.rawValue), AuditFact("ttl", Timespan(life)), AuditFact("purpose", purpose),
        ]
        let access = try await allowed(act, wish, wanted, targets, life: life, detail, by: asker)
        return try await concluding(access) {
            guard content != .tokens else { return try await injectTokens(wish, wanted, life, access, into: id, for: asker, holder) }
            let hasValues = content == .values
            let items = try await items(wanted, hasValues: hasValues, access: access)
            let (until, covering) = end(of: life, targets, hasValues ? wanted.compactMap(\.record?.expiresAt) : [], holder)
            let file = SessionFile(
                id: id, holder: holder, agent: asker.agentName, sessions: hasValues ? covering : [],
                holdings: wanted.compactMap { $0.holding(hasValue: hasValues) }, until: until)
            let place = try await write(file, SessionFileDraft(id: id, format: wish.format, items: items, reads: wish.reads), with: wanted)
            return InjectedFile(
                id: id, content: content, place: place, variables: items.map(\.variable), expiresAt: wallTime(until), entry: access.entry)
        }
    }

    private static func act(_ content: InjectedFile.Content) -> Act {
        switch content {
        case .references: Act(.secretInject, .reference, .capability(.referenceOnly))
        case .values: Act(.secretInject, .inject, .capability(.fileInject))
        case .tokens: Act(.secretInject, .resolve, .capability(.broker))
        }
    }

    /// Writes a file. One whose secrets were changed meanwhile is removed again, and so is that of an agent that was frozen or revoked.
    func write(_ file: SessionFile, _ draft: SessionFileDraft, with wanted: [Wanted]) async throws -> SessionFilePlace {
        let place = try files.make(file, draft) { [weak self] file in
            // Owned by nobody that waits: the file has ended, and this only says so.
            Task { await self?.noteRead(file) }
        }
        do {
            try await checkStands(file.holder)
            try await checkUnchanged(wanted)
        } catch {
            _ = files.end { $0.id == file.id }
            throw error
        }
        return place
    }

    /// Asks the policy, and a person where it wants one for the values.
    private func allowed(
        _ act: Act, _ wish: InjectionWish, _ wanted: [Wanted], _ targets: [Target], life: Duration, _ detail: [AuditFact], by asker: Asker
    ) async throws -> AuthorizedAccess {
        // A reference needs nobody, and of a token each request is judged when it is made.
        let asks = wish.content == .values && targets.allSatisfy { $0.exists && !$0.getsToken }
        if asks { try await authorizer.refuseHopeless(act, by: asker, on: targets) }
        guard asks, let rule = authorizer.ruleForApproval(act, by: asker, on: targets) else {
            return try await authorizer.authorize(act, by: asker, on: targets, detail: detail)
        }
        let plea: Plea
        do { plea = try await self.plea(for: wish, wanted, life: life, rule: rule, by: asker) } catch let error as EngineError {
            try await authorizer.refuse(act, by: asker, on: targets.map(\.subject), error: error)
            throw error
        }
        return try await approved(act, by: asker, on: targets, plea, detail: detail)
    }

    /// Refuses a file one of whose secrets was changed while it was written: the change could not find it, or found it before it was there.
    private func checkUnchanged(_ wanted: [Wanted]) async throws {
        for item in wanted {
            guard let record = item.record, try await book.record(.secret, id: record.id.cast())?.revision != record.row?.revision else { continue }
            throw EngineError.invalid("a secret was changed while its file was written", hint: "repeat the call")
        }
    }

    private static func life(of wish: InjectionWish) throws -> Duration {
        let life = wish.life ?? AgentSession.usualLife
        guard AgentSession.lives.contains(life) else {
            throw EngineError.invalid("a session file lasts between a minute and eight hours", hint: "ask for the shortest time that is enough")
        }
        guard wish.reads.map(readLimits.contains) ?? true else { throw EngineError.invalid("a file is read between 1 and 100 times", hint: nil) }
        guard (1...longestInjection).contains(wish.secrets.count) else {
            throw EngineError.invalid("a file holds between 1 and \(longestInjection) secrets", hint: nil)
        }
        return life
    }

    /// What stands in the file. Each variable stands there once.
    private func items(_ wanted: [Wanted], hasValues: Bool, access: AuthorizedAccess) async throws -> [SessionFileDraft.Item] {
        var items: [SessionFileDraft.Item] = []
        for (index, item) in wanted.enumerated() {
            let grant = index < access.grants.count ? access.grants[index] : nil
            items += try await hasValues ? valueItems(item, access, grant) : referenceItems(item)
        }
        try Self.checkVariables(items.map(\.variable))
        return items
    }

    static func checkVariables(_ names: [String]) throws {
        var known: Set<String> = []
        for name in names {
            try VariableName.check(name)
            guard known.insert(name).inserted else {
                throw EngineError.invalid("two secrets would be the variable \(name)", hint: "give one of them a variable of its own")
            }
        }
    }

    private func valueItems(_ item: Wanted, _ access: AuthorizedAccess, _ grant: PolicyGrant?) async throws -> [SessionFileDraft.Item] {
        let values = try await open(item, prefix: "", access: access)
        try Guessing.check(values, for: access.asker, under: grant)
        return values.compactMap { injected in
            injected.variable.map { .init(variable: $0, content: .value(injected.value)) }
        }
    }

    private func referenceItems(_ item: Wanted) async throws -> [SessionFileDraft.Item] {
        guard let record = item.record, let version = item.version else { throw EngineError.notFound(.secret) }
        try usable(record)
        let manifest = try await shelf.manifest(record, version: version)
        return try Self.injected(item, manifest, prefix: "").map { _, field, variable in
            let named = field.name.description == "value" ? nil : field.name
            let reference = SecretReference(scope: item.scope, name: item.name, field: named, version: item.isPinned ? Int(version) : nil)
            return .init(variable: variable, content: .reference("\(reference)"))
        }
    }

    /// When a file ends: after its time, and no later than any session that covers one of its secrets, or than a secret whose value it has. A reference
    /// may outlive what it names: whoever uses it is told.
    private func end(of life: Duration, _ targets: [Target], _ expiries: [Timestamp], _ holder: SessionHolder) -> (
        until: Timestamp, covering: Set<String>
    ) {
        let (now, wall) = (clock.steady(), expiryClock())
        let covering = targets.compactMap { target -> AgentSession? in
            guard let scope = target.scope, let name = target.name else { return nil }
            return sessions.covering(name, in: scope, tags: target.tags ?? [], for: holder, now: now)
        }
        let ends = covering.map(\.until) + expiries.map { now.advanced(by: $0.duration(since: wall)) }
        let until = ends.reduce(now.advanced(by: life), min)
        return (until, Set(covering.map(\.id)))
    }
}

extension OpenVault.Wanted {
    /// What a session file has of it.
    fileprivate func holding(hasValue: Bool) -> SessionFile.Holding? {
        record.map { .init(secret: $0.id, kind: !hasValue ? .reference : isPinned ? .pinnedValue : .value) }
    }
}
