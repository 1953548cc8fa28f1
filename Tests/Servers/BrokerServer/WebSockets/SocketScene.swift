import BrokerServer
import Brokering
import Foundation
import Model
import Secrets
import TestKit

/// A door, a service of WebSockets behind it, and what a program of the session has.
struct SocketScene {
    let service: SocketService
    let grant: TestGrant
    let judge: TestJudge
    let broker: BrokerHarness
    let door: OpenDoor
    let credential = "4f1d7c0c9a"
    static let key = "dGhlIHNhbXBsZSBub25jZQ=="

    init(_ random: SeededRandom, value: SecretValue? = nil, allowance: Int64? = nil, _ script: SocketService.Script = .init()) async throws {
        let (service, grant, broker) = (try await SocketService(script), TestGrant(random), try await BrokerHarness())
        var leave = RequestLeave(
            entry: 7, releases: [ValueRelease(grant: grant.id, name: "deploy/key", value: value ?? grant.canary.secret)], reachesOwnNetwork: true,
            authorities: service.authorities)
        leave.allowance = allowance
        judge = TestJudge { [leave] _ in .allow(leave) }
        (self.service, self.grant, self.broker) = (service, grant, broker)
        door = try await broker.handle.open(
            DoorSetup(tokens: [grant.id: grant.token], credential: credential, life: .seconds(3600)), judgedBy: judge)
    }

    /// A request for a WebSocket, as programs send it.
    func request(_ path: String = "/socket", _ more: String = "") -> [UInt8] {
        Array(
            """
            GET \(path) HTTP/1.1\r\nHost: localhost:\(service.port)\r\nAuthorization: Bearer \(grant.token.text)\r\nConnection: Upgrade\r\n\
            Upgrade: websocket\r\nSec-WebSocket-Key: \(Self.key)\r\nSec-WebSocket-Version: 13\r\n\
            Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\(more)\r\n
            """.utf8)
    }

    /// A client whose WebSocket is open.
    func open() async throws -> SocketClient {
        let client = try await SocketClient(self)
        try await client.send(request())
        let head = await client.readHead()
        guard head.hasPrefix("HTTP/1.1 101 ") else { throw BrokerFailure.reply(.upgrade) }
        return client
    }

    func end() async throws {
        broker.handle.end()
        try await service.end()
    }
}
