import Auditing
import HTTPTypes
import Hummingbird
import Model
import Secrets
import TacitWire

/// Establishes who asks before a route runs. A peer that the kernel cannot name is not answered.
struct AskerMiddleware: RouterMiddleware {
    let vault: Vault
    let connections: ConnectionBook

    @concurrent func handle(
        _ request: Request, context: APIContext, next: @concurrent (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        guard let door = try await connections.door(of: context.channel) else { throw EngineError.denied(.personOnly) }
        let headers = request.headers
        let credentials = Credentials(
            badge: headers.value(WireHeader.badge), stepUpToken: headers.value(WireHeader.stepUp),
            reportedModel: headers.value(WireHeader.reportedModel).map(Self.label))
        let source = Self.source(claimed: headers.value(WireHeader.source))
        var context = context
        context.admit(.init(door: door, asker: try await vault.asker(at: door, source: source, credentials)))
        return try await next(request, context)
    }

    /// What a client says it is, as far as it may: nobody passes for the keeper itself, or for a server that has a door of its own.
    private static func source(claimed text: String?) -> AuditSource {
        guard let text, let source = AuditSource(rawValue: text), [.cli, .mcp, .api, .sdk].contains(source) else { return .api }
        return source
    }

    /// What a program says of itself: printable and short.
    private static func label(_ text: String) -> String {
        String(text.unicodeScalars.filter { (0x20...0x7E).contains($0.value) }.prefix(120).map(Character.init))
    }
}

extension HTTPFields {
    func value(_ name: String) -> String? { HTTPField.Name(name).flatMap { self[$0] } }
}
