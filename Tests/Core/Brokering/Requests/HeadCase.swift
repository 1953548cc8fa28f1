import Testing

@testable import Brokering

/// One entry of `vectors/requests/heads.json`.
struct HeadCase: Decodable, Sendable {
    var title: String
    var version: String
    var method: String
    var target: String
    var fields: [[String]]
    var authority: String?
    var scheme: String?
    var connectProtocol: String?
    var isWhole: Bool?
    var tunnel: Tunnel?
    var serverName: String?
    var hasToken: Bool?
    var repeated: Int?
    var fill: Int?

    var refused: String?
    var sent: [[String]]?
    var body: String?
    var path: String?
    var opensWebSocket: Bool?
    var acceptsTrailers: Bool?
    var expectsContinue: Bool?
    var needsOwnConnection: Bool?

    enum CodingKeys: String, CodingKey {
        case title, version, method, target, fields, authority, scheme, fill, refused, sent, body, path, tunnel
        case connectProtocol = "protocol"
        case isWhole = "whole"
        case serverName = "server_name"
        case hasToken = "token"
        case repeated = "repeat"
        case opensWebSocket = "web_socket"
        case acceptsTrailers = "accepts_trailers"
        case expectsContinue = "expects_continue"
        case needsOwnConnection = "own_connection"
    }

    /// The tunnel that a case names; null is a proxy's own connection, which is something else than a key that is missing.
    enum Tunnel: Decodable, Sendable {
        case origin(String)
        case none

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            self = container.decodeNil() ? .none : .origin(try container.decode(String.self))
        }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        title = try container.decode(String.self, forKey: .title)
        version = try container.decode(String.self, forKey: .version)
        method = try container.decode(String.self, forKey: .method)
        target = try container.decode(String.self, forKey: .target)
        fields = try container.decode([[String]].self, forKey: .fields)
        authority = try container.decodeIfPresent(String.self, forKey: .authority)
        scheme = try container.decodeIfPresent(String.self, forKey: .scheme)
        connectProtocol = try container.decodeIfPresent(String.self, forKey: .connectProtocol)
        isWhole = try container.decodeIfPresent(Bool.self, forKey: .isWhole)
        tunnel = container.contains(.tunnel) ? try container.decode(Tunnel.self, forKey: .tunnel) : nil
        serverName = try container.decodeIfPresent(String.self, forKey: .serverName)
        hasToken = try container.decodeIfPresent(Bool.self, forKey: .hasToken)
        repeated = try container.decodeIfPresent(Int.self, forKey: .repeated)
        fill = try container.decodeIfPresent(Int.self, forKey: .fill)
        refused = try container.decodeIfPresent(String.self, forKey: .refused)
        sent = try container.decodeIfPresent([[String]].self, forKey: .sent)
        body = try container.decodeIfPresent(String.self, forKey: .body)
        path = try container.decodeIfPresent(String.self, forKey: .path)
        opensWebSocket = try container.decodeIfPresent(Bool.self, forKey: .opensWebSocket)
        acceptsTrailers = try container.decodeIfPresent(Bool.self, forKey: .acceptsTrailers)
        expectsContinue = try container.decodeIfPresent(Bool.self, forKey: .expectsContinue)
        needsOwnConnection = try container.decodeIfPresent(Bool.self, forKey: .needsOwnConnection)
    }
}

extension HeadCase {
    var head: ReceivedHead {
        var fields = fields.map { ReceivedHead.Field($0[0], Array($0[1].utf8)) }
        fields += (0..<(repeated ?? 0)).map { ReceivedHead.Field("X-\($0)", []) }
        if let fill { fields.append(ReceivedHead.Field("X-Long", [UInt8](repeating: 0x61, count: fill))) }
        let version: ReceivedHead.Version =
            switch self.version {
            case "1.0": .http1_0
            case "1.1": .http1_1
            default: .http2(isWhole: isWhole ?? false)
            }
        return ReceivedHead(
            version: version, method: method, target: Array(target.utf8), authority: authority, scheme: scheme, connectProtocol: connectProtocol,
            fields: fields)
    }

    func verdict() throws -> RequestVerdict<JudgedRequest> {
        let place: Origin? =
            switch tunnel {
            case nil: try origin("https://api.example.com")
            case .none?: nil
            case .origin(let url)?: try origin(url)
            }
        return HeadGuard(tunnel: place, serverName: serverName).verdict(on: head, carriesToken: hasToken ?? false)
    }
}

extension JudgedRequest.Body {
    /// As the vectors write it.
    var text: String {
        switch self {
        case .none: "none"
        case .streamed: "streamed"
        case .length(let length): String(length)
        }
    }
}
