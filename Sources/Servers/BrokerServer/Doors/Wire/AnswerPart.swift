import Brokering
import NIOCore

/// What a program gets in answer, whatever version of HTTP it asked by.
enum AnswerPart: Sendable {
    /// It may send its body.
    case goOn
    case head(AnswerHead)
    /// Of the body, or whole frames of a WebSocket.
    case body(ByteBuffer)
    /// The fields behind the body. Of a WebSocket it ends what comes of the program, too.
    case end([(name: String, value: String)])
}

/// The head of an answer; where its body ends is said once, by whoever writes it to a connection.
struct AnswerHead: Sendable {
    let status: Int
    let fields: [(name: String, value: String)]
    let body: Body
    /// Of the program's request: to one of before 1.1, chunks mean nothing.
    let version: ReceivedHead.Version

    enum Body: Sendable, Equatable {
        case none
        case length(Int)
        case streamed
    }
}
