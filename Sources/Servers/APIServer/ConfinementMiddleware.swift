import Auditing
import HTTPTypes
import Hummingbird
import Secrets
import TacitWire

/// Holds a whole agent, in its sandbox, to what it may ask from there: what there is, masks, sessions and rules, requests through the broker, access.
///
/// A run that the keeper started for it would be outside, a file or an address would be of no use to it, and a password is nobody's to give there. What is not on
/// the list is refused before any of its body is read.
struct ConfinementMiddleware: RouterMiddleware {
    let vault: Vault

    @concurrent func handle(
        _ request: Request, context: APIContext, next: @concurrent (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        guard try context.door.agent == nil || Self.isOpen(request.method, request.uri.path) else {
            throw try await vault.refusal(of: Self.action(request.uri.path), to: try context.asker)
        }
        return try await next(request, context)
    }

    private static let secret = "\(WirePath.projects)/:project/environments/:environment/secrets"
    private static let open: [(method: HTTPRequest.Method, path: String)] = [
        (.get, WirePath.status), (.get, secret), (.get, "\(secret)/:name/masked"), (.post, WirePath.exists), (.post, WirePath.requests),
        (.get, WirePath.sessions), (.post, WirePath.sessions), (.post, WirePath.sessionSleep), (.get, WirePath.rules),
        (.post, WirePath.acknowledgements), (.post, WirePath.accessRequests), (.get, "\(WirePath.accessRequests)/:id"),
    ]

    /// Whether it is on the list, segment by segment: nothing else that begins or ends alike.
    static func isOpen(_ method: HTTPRequest.Method, _ path: String) -> Bool {
        let asked = segments(path)
        return open.contains { entry in
            let listed = segments(entry.path)
            return entry.method == method && listed.count == asked.count
                && zip(listed, asked).allSatisfy { $0 == $1 || $0.first == ":" && !$1.isEmpty }
        }
    }

    private static func segments(_ path: String) -> [Substring] { path.split(separator: "/", omittingEmptySubsequences: false) }

    /// As what a refusal is written down: that something a person gives was tried, where it is none of an agent's acts.
    private static func action(_ path: String) -> AuditAction {
        switch path {
        case WirePath.runs: .run
        case WirePath.sessionFiles: .secretInject
        case WirePath.agentTokens: .tokenIssue
        default: .stepUpFailed
        }
    }
}
