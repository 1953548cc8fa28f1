import Crypto
import HTTPTypes

/// What a service has to say in its answer to a request for a WebSocket (RFC 6455 §4.2.2).
enum WebSocketAnswer {
    /// The one answer to a key: whoever gives it knows that it was asked for a WebSocket.
    static func accept(to key: some Sequence<UInt8>) -> [UInt8] {
        let digest = Insecure.SHA1.hash(data: Array(key) + Array("258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8))
        var text: [UInt8] = []
        Base64Text.encode(digest, into: &text)
        return text
    }

    /// Whether the protocol that a service chose, if it did, is one of those that it was offered.
    static func isChoice(_ chosen: [[UInt8]], of request: HTTPRequest) -> Bool {
        guard let choice = chosen.first else { return true }
        let offered = request.headerFields.filter { $0.name.canonicalName == "sec-websocket-protocol" }.flatMap { $0.value.split(separator: ",") }
        return chosen.count == 1 && offered.contains { $0.trimmingPrefix { $0 == " " || $0 == "\t" }.utf8.elementsEqual(choice) }
    }
}
