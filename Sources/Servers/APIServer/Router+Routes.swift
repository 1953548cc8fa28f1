import HTTPTypes
import Hummingbird

extension Router<APIContext> {
    /// Adds a route. What it does not know is refused before the handler sees it: a query with keys other than `known`, a body or a revision that it
    /// would leave unread. Unless told, a route that writes has a body, and none compares revisions.
    func route(
        _ method: HTTPRequest.Method, _ path: String, query known: Set<String> = [], body: Bool? = nil, ifMatch: Bool = false,
        use handler: @escaping @Sendable (Request, APIContext) async throws -> Response
    ) {
        let takesBody = body ?? [.post, .put, .patch].contains(method)
        on(.init(path), method: method) { request, context in
            guard takesBody || !request.hasBody else { throw RequestError.unwantedBody }
            guard ifMatch || request.headers[.ifMatch] == nil else { throw RequestError.unwantedRevision }
            var context = context
            context.query = try PathText.query(request, known: known)
            return try await handler(request, context)
        }
    }
}
