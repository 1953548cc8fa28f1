package import Model
package import Policies

/// What a request is judged by, in the form in which it will be sent.
package struct RequestWish: Sendable, Equatable {
    package let request: JudgedRequest
    /// Each token in it with each of its places; empty for a request without one.
    package let uses: [TokenUse]
    /// Texts in its head that could be tokens of another session.
    package let strangers: [[UInt8]]
    /// Whether the answer may hold credentials, as the request says and its path does not.
    package let givesCredentials: Bool

    package init(request: JudgedRequest, uses: [TokenUse], strangers: [[UInt8]] = [], givesCredentials: Bool = false) {
        (self.request, self.uses, self.strangers, self.givesCredentials) = (request, uses, strangers, givesCredentials)
    }

    /// One grant's token in one place.
    package struct TokenUse: Sendable, Hashable {
        package let grant: GrantID
        package let place: TokenPlace
        /// How often the token stands in the request, in all its places together.
        package let occurrences: Int

        package init(grant: GrantID, place: TokenPlace, occurrences: Int) {
            (self.grant, self.place, self.occurrences) = (grant, place, occurrences)
        }
    }

    /// What a keeper is asked.
    package var asked: AskedRequest { AskedRequest(self) }
}
