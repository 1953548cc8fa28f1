import Brokering
import NIOCore

/// What comes of a reply, whatever version of HTTP it came by.
enum ReplyPart: Sendable {
    /// Not the answer yet; `continues` where the client waits to be told to send its body.
    case interim(continues: Bool)
    case head(JudgedReply)
    case body(ByteBuffer)
    /// The fields behind the body, as they came.
    case end([ReceivedHead.Field])
}
