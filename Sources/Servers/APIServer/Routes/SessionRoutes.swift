import Hummingbird
import Model
import Secrets
import TacitWire

/// What agents do between uses: sessions, rules and acknowledgements, session files.
struct SessionRoutes: Sendable {
    let vault: Vault

    func add(to router: Router<APIContext>) {
        router.route(.get, WirePath.sessions) { _, context in
            try Response(json: Page(items: try await open(context).listSessions(by: try context.asker).map { SessionSummary($0) }))
        }
        router.route(.post, WirePath.sessions) { request, context in
            let wish: SessionWake = try await request.json()
            let (session, entry) = try await open(context).wakeSession(SessionWish(wish), by: try context.asker)
            return try Response(json: SessionSummary(session, entry: entry), status: .created)
        }
        router.route(.post, WirePath.sessionSleep) { request, context in
            let wish: SessionSleep = try await request.json()
            let ended = try await open(context).sleep(SleepWish(wish), by: try context.asker)
            return try Response(json: SessionsEnded(sessions: ended.sessions, files: ended.files, tokens: ended.tokens))
        }
        router.route(.get, WirePath.rules, query: ["scope", "name"]) { _, context in
            let scope = try Scope(parsing: context.query["scope"] ?? "default/dev")
            let name = try context.query["name"].map { try SecretName($0) }
            let rules = try await open(context).rules(about: name, in: scope, by: try context.asker)
            return try Response(json: RuleList(rules))
        }
        router.route(.post, WirePath.acknowledgements) { request, context in
            let wish: RuleAcknowledgement = try await request.json()
            let taken = try await open(context).acknowledge(
                rule: wish.rule, for: try SecretName(wish.name), in: try Scope(parsing: wish.scope), purpose: wish.purpose, by: try context.asker)
            return try Response(json: RuleAcknowledged(taken, name: wish.name), status: .created)
        }
        router.route(.post, WirePath.sessionFiles) { request, context in
            let wish: FileInjection = try await request.json()
            var asked = try InjectionWish(wish)
            asked.isAwaited = { [channel = context.channel] in channel.isActive }
            let file = try await open(context).inject(asked, by: try context.asker)
            return try Response(json: FileInjected(file, wish), status: .created)
        }
    }

    private func open(_ context: APIContext) throws -> OpenVault { try vault.opened(for: try context.asker) }
}
