/// The id of a request: a text or an integer, echoed exactly. 1 and "1" differ.
struct RequestID: Hashable, Sendable {
    let value: JSONValue
    private let literal: [UInt8]

    /// Nil for what is no id: null, a truth value, a fraction, an array or an object.
    init?(_ value: JSONValue) {
        switch value {
        case .string, .integer: break
        case .number(let literal) where literal.utf8.allSatisfy { $0 == UInt8(ascii: "-") || (48...57).contains($0) }: break
        default: return nil
        }
        self.value = value
        literal = value.bytes
    }

    static func == (left: Self, right: Self) -> Bool { left.literal == right.literal }
    func hash(into hasher: inout Hasher) { hasher.combine(literal) }
}

/// An error of the protocol, with the code that JSON-RPC and MCP give it. Messages hold nothing that the peer sent.
struct RPCFailure: Error, Sendable {
    let code: Int64
    let message: String
    var data: JSONValue?

    static func parseError(_ message: String) -> Self { Self(code: -32700, message: message) }
    static func invalidRequest(_ message: String) -> Self { Self(code: -32600, message: message) }
    static func methodNotFound(_ message: String) -> Self { Self(code: -32601, message: message) }
    static func invalidParameters(_ message: String) -> Self { Self(code: -32602, message: message) }

    /// The call cannot go on without something that the client did not say it can do.
    static func missingCapabilities(_ missing: ClientCapabilities) -> Self {
        Self(
            code: -32021, message: "this call needs something from the client that it did not declare",
            data: ["requiredCapabilities": missing.document])
    }

    /// The version is not served. The protocol demands that it be echoed; no version is longer than what is echoed here.
    static func unsupportedVersion(_ asked: String) -> Self {
        Self(
            code: -32022, message: "this protocol version is not served",
            data: ["supported": ProtocolVersion.served, "requested": .string(String(String.UnicodeScalarView(asked.unicodeScalars.prefix(32))))])
    }

    private init(code: Int64, message: String, data: JSONValue? = nil) {
        self.code = code
        self.message = message
        self.data = data
    }

    init(_ error: JSONError) {
        self =
            switch error {
            case .syntax(let byte): .parseError("not JSON, at byte \(byte)")
            case .badText(let byte): .parseError("a text that is not Unicode, at byte \(byte)")
            case .tooDeep: .parseError("nested deeper than \(JSONValue.maximumDepth)")
            case .duplicateName: .parseError("an object has two members of one name")
            case .numberOutOfRange: .parseError("a number is out of range")
            }
    }
}

/// One JSON-RPC message, read as strictly as MCP demands.
enum JSONRPCMessage {
    case request(RequestID, method: String, params: JSONValue?)
    case notification(method: String, params: JSONValue?)
    /// An answer to a request of ours; nil where it is an error, or where the id is none.
    case response(RequestID?, result: JSONValue?)
    /// No message; the id is the one to answer under, if any.
    case malformed(RequestID?, RPCFailure)

    init(_ value: JSONValue) {
        guard let object = value.object else {
            self = .malformed(nil, .invalidRequest("a message is an object"))
            return
        }
        let id = object["id"].flatMap(RequestID.init)
        guard object["jsonrpc"]?.string == "2.0" else {
            self = .malformed(id, .invalidRequest("`jsonrpc` is not \"2.0\""))
            return
        }
        guard let method = object["method"] else {
            let isResponse = object["result"] != nil || object["error"] != nil
            let result = object["error"] == nil ? object["result"] : nil
            self = isResponse ? .response(id, result: result) : .malformed(id, .invalidRequest("`method` is missing"))
            return
        }
        guard let method = method.string else {
            self = .malformed(id, .invalidRequest("`method` is not a text"))
            return
        }
        guard object["id"] != nil else {
            self = .notification(method: method, params: object["params"])
            return
        }
        guard let id else {
            self = .malformed(nil, .invalidRequest("`id` is neither a text nor an integer"))
            return
        }
        self = .request(id, method: method, params: object["params"])
    }

    static func answer(_ id: RequestID, result: JSONValue) -> JSONValue {
        ["jsonrpc": "2.0", "id": id.value, "result": result]
    }

    /// An error answer. Without an id it says null: readers of such errors look for the key.
    static func answer(_ id: RequestID?, failure: RPCFailure) -> JSONValue {
        var error: JSONObject = ["code": .integer(failure.code), "message": .string(failure.message)]
        error["data"] = failure.data
        return ["jsonrpc": "2.0", "id": id?.value ?? .null, "error": .object(error)]
    }

    static func request(_ id: RequestID, method: String, params: JSONObject) -> JSONValue {
        ["jsonrpc": "2.0", "id": id.value, "method": .string(method), "params": .object(params)]
    }

    static func notification(_ method: String, params: JSONObject) -> JSONValue {
        ["jsonrpc": "2.0", "method": .string(method), "params": .object(params)]
    }
}
