import Brokering
import NIOCore

/// What comes of a program's request, whatever version of HTTP it came by.
enum AskedPart: Sendable {
    case head(AskedHead)
    case body(ByteBuffer)
    /// The fields behind the body, as they came.
    case end([ReceivedHead.Field])
    /// A WebSocket is over: the door has nothing more to say, or what came first was none.
    case over(FrameRefusal?)
}

/// The head of a program's request, and what only its connection knows.
struct AskedHead: Sendable {
    let received: ReceivedHead
    /// Whether the program means to send another request behind it.
    let keepsAlive: Bool

    var waitsToSend: Bool {
        received.fields.contains { $0.name.lowercased() == "expect" && String(decoding: $0.value, as: UTF8.self).lowercased() == "100-continue" }
    }

    var version: ReceivedHead.Version { received.version }
    var isHTTP2: Bool { version.isHTTP2 }
}
