import Brokering
import NIOCore
import Secrets

/// What becomes of the bytes of a reply as they come.
protocol ReplyTaker: ~Copyable {
    /// Whether something came that waits for more, or for a pause.
    var holdsBack: Bool { get }
    mutating func take(_ bytes: ByteBuffer) async throws
    /// Nothing came for a while: what was held back goes on.
    mutating func pause() throws
    /// Writes what may go.
    mutating func write() async throws
}

extension ServiceExchange {
    /// How long nothing comes before a reply pauses: what was held back then goes on.
    private static let pause = TimeAmount.milliseconds(25)

    /// Has all that comes behind a reply's head taken; the fields behind the body. What is there already is taken before anything is written, so that a short reply
    /// goes out as one.
    func pass(to taker: inout some ReplyTaker & ~Copyable, _ tally: RequestTally) async throws -> [ReceivedHead.Field] {
        while true {
            let part: ReplyPart
            if let ready = ready() {
                part = ready
            } else {
                try await taker.write()
                guard case .part(let next) = try await next(within: taker.holdsBack ? Self.pause : nil) else {
                    try taker.pause()
                    continue
                }
                part = next
            }
            switch part {
            case .head, .interim: throw BrokerFailure.reply(.framing)
            case .body(let bytes):
                try tally.received(bytes.readableBytes)
                try await taker.take(bytes)
            case .end(let fields): return fields
            }
        }
    }
}
