import HTTPTypes
import Hummingbird

extension Router<APIContext> {
    /// Adds a route. A query with keys other than `known` is refused before the handler sees it.
    func route(
        _ method: HTTPRequest.Method, _ path: String, query known: Set<String> = [],
        use handler: @escaping @Sendable (Request, APIContext) async throws -> Response
    ) {
        on(.init(path), method: method) { request, context in
            var context = context
            context.query = try PathText.query(request, known: known)
            return try await handler(request, context)
        }
    }
}
