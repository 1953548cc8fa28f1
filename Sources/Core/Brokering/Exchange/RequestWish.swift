import HTTPTypes
package import Model
package import Policies

/// What a request is judged by, in the form in which it will be sent.
package struct RequestWish: Sendable, Equatable {
    package let request: JudgedRequest
    /// Each token in it with each of its places; empty for a request without one.
    package let uses: [TokenUse]

    /// One grant's token in one place.
    package struct TokenUse: Sendable, Hashable {
        package let grant: GrantID
        package let place: TokenPlace
        /// How often the token stands in the request, in all its places together.
        package let occurrences: Int
    }

    /// The question that the policy answers for one use; nil where the policy's own reading of host or path differs from the guard's, and nothing is asked.
    package func question(for use: TokenUse?) -> RequestQuestion? {
        let origin = request.target.origin
        return RequestQuestion(
            scheme: origin.scheme.rawValue, host: origin.host.description, port: Int(origin.port), method: request.request.method.rawValue,
            path: request.target.judgedPath, place: use?.place, occurrences: use?.occurrences ?? 0,
            providerPlaces: ProviderCatalogue.provider(at: origin.host.description)?.places ?? [])
    }
}
