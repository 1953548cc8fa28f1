import BrokerServer
import Brokering
import Foundation
import Secrets
import TestKit
import Testing

/// Whom the handshake in an intercepted tunnel is for has to be whom the tunnel was asked for.
@Suite struct ServerNameTests {
    private let random = SeededRandom(seed: 86)

    /// Asks in a tunnel to `localhost` by a handshake that is for `host`, with the tunnel's name in the request.
    private func ask(_ scene: DoorScene, inHandshake host: String, over version: String) async throws -> String {
        let port = scene.service.port
        return try await DoorScene.curl([
            "-sS", "-i", "-k", version, "-w", "\n", "--max-time", "90", "--proxy", scene.proxy, "-H", "Host: localhost:\(port)",
            "--connect-to", "\(host):\(port):localhost:\(port)", "https://\(host):\(port)/hello",
        ])
    }

    @Test(arguments: ["--http1.1", "--http2"])
    func anotherHostInTheHandshakeIsRefused(_ version: String) async throws {
        let scene = try await DoorScene(random) { $0.leave($1) }
        let printed = try await ask(scene, inHandshake: "other.example", over: version)
        #expect(printed.contains(" 400") && printed.lowercased().contains("tacit-denied: broker.server-name-disagrees"), "\(printed)")
        #expect(printed.hasPrefix(version == "--http2" ? "HTTP/1.1 200 Connection established\n\nHTTP/2 " : "HTTP/1.1 200 "))
        #expect(scene.judge.asked.isEmpty && scene.service.connectionCount == 0)
        try await scene.end()
    }

    @Test(arguments: ["--http1.1", "--http2"])
    func itIsSoWhereTheKeeperWasAskedAboutTheTunnel(_ version: String) async throws {
        let scene = try await DoorScene(random, tunnels: ["localhost"], judging: { $2.isTunnel ? .refuse(.intercepted) : $0.leave($1) })
        let printed = try await ask(scene, inHandshake: "other.example", over: version)
        #expect(printed.lowercased().contains("tacit-denied: broker.server-name-disagrees"), "\(printed)")
        #expect(scene.judge.asked.map(\.isTunnel) == [true] && scene.service.connectionCount == 0)
        try await scene.end()
    }

    @Test(arguments: ["--http1.1", "--http2"])
    func whoNamesTheHostOrNobodyIsServed(_ version: String) async throws {
        let scene = try await DoorScene(random) { $0.leave($1) }
        // Of an address no handshake says anything.
        for host in ["localhost", "LOCALHOST", "127.0.0.1"] {
            let printed = try await ask(scene, inHandshake: host, over: version)
            #expect(printed.contains("hello") && printed.hasSuffix("exit(0)"), "\(printed)")
        }
        #expect(scene.service.received.count == 3 && scene.judge.asked.allSatisfy { $0.host == "localhost" })
        // Nor of the address that a tunnel was asked to.
        _ = try await scene.curl("/hello", ["-k", "--connect-to", "localhost:\(scene.service.port):127.0.0.1:\(scene.service.port)"])
        let url = "https://127.0.0.1:\(scene.service.port)/hello"
        _ = try await DoorScene.curl(["-sS", "-k", version, "--max-time", "90", "--proxy", scene.proxy, url])
        #expect(scene.judge.asked.map(\.host) == ["localhost", "localhost", "localhost", "127.0.0.1"])
        try await scene.end()
    }
}
