import HTTPTypes

extension JudgedRequest {
    /// The request as another origin gets it, without the first segments of its path: one to `/via/PROVIDER/…` of a listener, sent to the provider.
    ///
    /// Whole segments are cut off a path that was judged, and the origin is no part of a text that the rest is joined to, so nothing in the path can
    /// become part of the host. Nil where the path has fewer segments.
    package func addressed(to origin: Origin, droppingSegments count: Int) -> JudgedRequest? {
        guard let target = target.addressed(to: origin, droppingSegments: count) else { return nil }
        var request = request
        request.scheme = origin.scheme.rawValue
        request.authority = origin.authority
        request.path = target.pathAndQuery
        return JudgedRequest(
            target: target, request: request, body: body, expectsContinue: expectsContinue, acceptsTrailers: acceptsTrailers,
            opensWebSocket: opensWebSocket)
    }
}

extension RequestTarget {
    /// The first segments of the path as rules compare it; nil where there are fewer.
    package func firstSegments(_ count: Int) -> [String]? {
        let segments = judgedPath.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        return segments.count < count ? nil : segments.prefix(count).map { String($0) }
    }

    func addressed(to origin: Origin, droppingSegments count: Int) -> RequestTarget? {
        guard let path = Self.dropping(count, from: path), let judgedPath = Self.dropping(count, from: judgedPath) else { return nil }
        return RequestTarget(origin: origin, path: path, judgedPath: judgedPath, query: query)
    }

    /// Both spellings of a path have the same segments.
    private static func dropping(_ count: Int, from path: String) -> String? {
        let slashes = path.utf8.indices.filter { path.utf8[$0] == UInt8(ascii: "/") }
        guard slashes.count >= count, path.utf8.first == UInt8(ascii: "/") else { return nil }
        return slashes.count == count ? "/" : String(path[slashes[count]...])
    }
}
