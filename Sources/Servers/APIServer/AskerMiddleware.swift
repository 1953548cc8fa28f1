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
        guard PathText.isCanonical(request.uri.string) else { throw HTTPError(.notFound) }
        let channel = context.channel
        guard let door = try await connections.door(of: channel), let deadline = connections.deadline(of: channel) else {
            throw EngineError.denied(.personOnly)
        }
        let headers = request.headers
        let credentials = Credentials(
            badge: headers.value(WireHeader.badge), stepUpToken: headers.value(WireHeader.stepUp),
            reportedModel: headers.value(WireHeader.reportedModel).map(Self.label))
        let source = Self.source(claimed: headers.value(WireHeader.source))
        let asker = try await vault.asker(at: door, source: source, credentials)
        var (request, context) = (request, context)
        context.admit(.init(door: door, asker: asker, deadline: deadline))
        if request.hasBody { request.body = RequestBody(asyncSequence: WatchedBody(base: request.body, deadline: deadline)) } else { deadline.met() }
        connections.began(on: channel)
        defer {
            // The request itself may have made the connection a person's.
            connections.answered(on: channel, isPerson: asker.isPerson || vault.isHeldByPerson(door))
            deadline.answered()
        }
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

extension Secrets.Asker {
    var isPerson: Bool { if case .person = standing { true } else { false } }
}

extension Request {
    /// Whether a body was announced.
    var hasBody: Bool { headers[.transferEncoding] != nil || headers[.contentLength].map { $0 != "0" } ?? false }
}

extension HTTPFields {
    func value(_ name: String) -> String? { HTTPField.Name(name).flatMap { self[$0] } }
}
