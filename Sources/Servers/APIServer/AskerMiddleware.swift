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
        let source = headers.value(WireHeader.source).flatMap(AuditSource.init(rawValue:)) ?? .api
        var context = context
        context.admit(.init(door: door, asker: try await vault.asker(at: door, source: source, credentials)))
        return try await next(request, context)
    }

    /// What a program says of itself: printable and short.
    private static func label(_ text: String) -> String {
        String(text.unicodeScalars.filter { (0x20...0x7E).contains($0.value) }.prefix(120).map(Character.init))
    }
}

extension HTTPFields {
    func value(_ name: String) -> String? { HTTPField.Name(name).flatMap { self[$0] } }
}
