import Model

/// Why what a program sends over a WebSocket goes no further: two readers of RFC 6455 could read it differently, or nobody can look into it.
///
/// A reason names nothing of what was sent, so it may be shown and logged.
package enum FrameRefusal: String, Diagnosable, CaseIterable {
    case early
    case mask
    case reserved
    case length
    case control
    case fragment
    case close
    case behindClose = "behind-close"

    /// A stable name, `broker.frame-reason`.
    package var code: String { "broker.frame-\(rawValue)" }

    package var message: String {
        switch self {
        case .early: "frames of a WebSocket came before the service had agreed to one"
        case .mask: "a frame of a program's is not masked, or one of a service's is"
        case .reserved: "a frame has a bit or an opcode that means nothing without an extension, and there is none"
        case .length: "a frame's length is not written in the shortest form, or has no end"
        case .control: "a control frame is longer than 125 bytes, or in fragments"
        case .fragment: "a fragment belongs to no message, or a message begins inside another"
        case .close: "what a close frame says is no code of RFC 6455, or no text"
        case .behindClose: "a frame came behind the close frame"
        }
    }

    package var hint: String? {
        switch self {
        case .early: "wait for the answer of the service before anything is sent"
        default: "use a WebSocket client that keeps to RFC 6455, without extensions"
        }
    }
}
