import Hummingbird
import Model
import Secrets
import TacitWire

/// Requests that agents have the broker make, and tokens with which their programs do.
struct ErrandRoutes: Sendable {
    /// A body of 1 MiB in base64, and room for the rest.
    private static let largestErrand = (1 << 21) + (256 << 10)

    let vault: Vault

    func add(to router: Router<APIContext>) {
        router.route(.post, WirePath.requests) { request, context in
            let wire: ErrandRequest = try await request.json(upTo: Self.largestErrand)
            var wish = try ErrandWish(wire)
            wish.isAwaited = { [channel = context.channel] in channel.isActive }
            let asker = try context.asker
            return try Response(json: ErrandAnswer(try await vault.opened(for: asker).request(wish, by: asker)))
        }
        router.route(.post, WirePath.agentTokens) { request, context in
            let wire: AgentTokenRequest = try await request.json()
            let (asker, wish) = (try context.asker, try AgentTokenWish(wire))
            let token = try await context.whileAwaited { try await vault.opened(for: asker).token(wish, by: asker) }
            return try Response(json: AgentTokenAnswer(token), status: .created)
        }
    }
}
