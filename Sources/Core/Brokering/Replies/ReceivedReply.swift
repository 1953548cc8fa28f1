/// The head of a reply as it came from the service.
package struct ReceivedReply: Sendable, Equatable {
    package var isHTTP2: Bool
    package var status: Int
    /// In the order in which they came.
    package var fields: [ReceivedHead.Field]
    /// Over HTTP/2: whether the head ended the stream, so that there is no body.
    package var isWhole: Bool

    /// How many interim heads may come before the one that counts.
    package static let mostInterims = 16

    package init(isHTTP2: Bool = false, status: Int, fields: [ReceivedHead.Field], isWhole: Bool = false) {
        self.isHTTP2 = isHTTP2
        self.status = status
        self.fields = fields
        self.isWhole = isWhole
    }
}
