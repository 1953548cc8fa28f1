import Hummingbird
import NIOCore

/// A request's body that is read in two places, one after the other: its head by the route, the rest while the answer is written.
///
/// A body allows one iterator, which is not Sendable. This is safe because the route has stopped reading before the answer begins.
final class BodyReader: @unchecked Sendable {
    private var iterator: RequestBody.AsyncIterator

    init(_ body: RequestBody) { iterator = body.makeAsyncIterator() }

    /// The next part; nil at the end.
    @concurrent func next() async throws -> ByteBuffer? { try await iterator.next() }
}
