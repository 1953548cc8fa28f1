import Hummingbird
import Model
import Secrets
import TacitWire

/// Fake tokens that a person issues and ends, and the freeze of every agent.
struct TokenRoutes: Sendable {
    let vault: Vault

    func add(to router: Router<APIContext>) {
        router.route(.get, WirePath.tokens) { _, context in
            try Response(json: Page(items: try await open(context).tokens(by: try context.asker).map { TokenSummary($0) }))
        }
        router.route(.post, WirePath.tokens) { request, context in
            let wish: TokenIssue = try await request.json()
            let (view, text) = try await open(context).issueToken(try TokenWish(wish), by: try context.asker)
            return try Response(json: TokenIssued(token: text, summary: TokenSummary(view)), status: .created)
        }
        router.route(.post, WirePath.tokenRevocation) { request, context in
            let wish: TokenRevoke = try await request.json()
            let count = try await open(context).revokeTokens(try TokenRevocation(wish), by: try context.asker)
            return try Response(json: TokensRevoked(tokens: count))
        }
        router.route(.post, WirePath.panic, body: false) { _, context in
            try Response(json: AgentsFrozen(try await vault.panic(by: try context.asker)))
        }
        router.route(.delete, WirePath.panic) { _, context in
            try await open(context).thawAgents(by: try context.asker)
            return Response(status: .noContent)
        }
    }

    private func open(_ context: APIContext) throws -> OpenVault { try vault.opened(for: try context.asker) }
}
