import Glibc
import NIOCore
import Secrets
import TestKit
import Testing

@testable import APIServer

@Suite("Requests as bytes")
struct TransportTests {
    @Test(
        "what is no clear request is refused, and the connection closed",
        arguments: [
            "GET /v1/status HTTP/1.1\r\nHost: k\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "POST /v1/lock HTTP/1.1\r\nHost: k\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST /v1/lock HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
            "POST /v1/lock HTTP/1.1\r\nHost: k\r\nContent-Length: -1\r\n\r\n", "POST /v1/lock HTTP/1.1\r\nHost: k\r\nContent-Length: +1\r\n\r\na",
            "POST /v1/lock HTTP/1.1\r\nHost: k\r\nContent-Length: 1 1\r\n\r\na", "GET /v1/status HTTP/1.1\r\nHost : k\r\n\r\n",
            "GET /v1/status HTTP/1.1\r\nHost: k\r\n folded: x\r\n\r\n", "GET /v1/status\r\n\r\n", "GET /v1/status HTTP/9.9\r\n\r\n",
            "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}", "GET /v1/status HTTP/1.1\r\nHost: k\r\nX: a\u{0}b\r\n\r\n",
            "GET /v1/status HTTP/1.1\nHost: k\nX: \(String(repeating: "x", count: 200_000))\n\n",
            "GET /v1/\(String(repeating: "x", count: 200_000)) HTTP/1.1\r\nHost: k\r\n\r\n",
            "GET /v1/status HTTP/1.1\r\nHost: k\r\n\(String(repeating: "X: y\r\n", count: 2000))\r\n",
            "POST /v1/lock HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ])
    func malformed(request: String) async throws {
        let bed = try await Bed()
        let client = try bed.connect()
        try await client.send(request)
        let rest = String(decoding: try await client.rest(), as: UTF8.self)
        #expect(rest.isEmpty || rest.hasPrefix("HTTP/1.1 400 ") || rest.hasPrefix("HTTP/1.1 431 "), "\(rest.prefix(200))")
        #expect(!rest.contains("HTTP/1.1 200"))
    }

    @Test("requests that come together are answered in order")
    func pipelining() async throws {
        let bed = try await Bed()
        let client = try bed.connect()
        try await client.send(Client.head("GET", "/v1/status") + Client.head("GET", "/v1/nowhere") + Client.head("GET", "/v1/status"))
        for status in [200, 404, 200] { #expect(try await client.answer().status == status) }
    }

    @Test("a request that comes byte by byte is a request")
    func slow() async throws {
        let bed = try await Bed()
        let client = try bed.connect()
        for byte in Client.head("GET", "/v1/status").utf8 { try await client.send([byte]) }
        #expect(try await client.answer().status == 200)
    }

    @Test("a program that speaks HTTP/1.0 gets its answer")
    func old() async throws {
        let bed = try await Bed()
        let client = try bed.connect()
        try await client.send("GET /v1/status HTTP/1.0\r\n\r\n")
        #expect(try await client.answer().status == 200)
    }

    @Test(
        "a target in any other form than the API's is nowhere",
        arguments: [
            "http://k/v1/status", "http://k/v1/status#x", "//v1/status", "/v1/status/", "/v1//status", "/v1/./status", "/v1/x/../status", "*",
            "/V1/status", "/v1/%73tatus",
            "/v1/status#x",
        ])
    func targets(target: String) async throws {
        let bed = try await Bed()
        let client = try bed.connect()
        let answer = try await client.ask("GET", target)
        #expect(answer.status == 404 || answer.status == 400, "\(answer.status)")
    }

    @Test("a method that a path does not have is nowhere", arguments: ["HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "CONNECT", "BREW"])
    func methods(method: String) async throws {
        let bed = try await Bed()
        let client = try bed.connect()
        try await client.send(Client.head(method, method == "CONNECT" ? "k:1" : "/v1/status"))
        client.closeInput()
        #expect(!String(decoding: try await client.rest(), as: UTF8.self).contains("200 OK"))
    }

    @Test("a body that ends before its announced end does nothing")
    func cutBody() async throws {
        let bed = try await Bed()
        for chunked in [false, true] {
            let client = try bed.connect()
            let body = chunked ? "5\r\nCANARY-a password" : "CANARY-a password"
            try await client.send(Client.head("POST", "/v1/vault", [chunked ? "Transfer-Encoding: chunked" : "Content-Length: 100"]) + body)
            client.closeInput()
            _ = try await client.rest()
            #expect(bed.vault.stateNow.phase == .absent)
        }
    }

    @Test("a request that does not come whole in time loses its connection; one that has not begun keeps it")
    func deadline() async throws {
        let bed = try await Bed { $0.requestLimit = .milliseconds(300) }
        let (silent, head, body) = (try bed.connect(), try bed.connect(), try bed.connect())
        try await head.send("GET /v1/status HTTP/1.1\r\nHost: ")
        try await body.send(Client.head("POST", "/v1/unlock", ["Content-Length: 10"]) + "12345")
        let second = try await answered(bed)
        try await second.send("GET /v1")
        for client in [head, body, second] { #expect(try await client.rest().isEmpty) }
        #expect(!silent.isClosed)
    }

    /// A connection whose first request was answered. On a busy machine even a whole request may not come within the little time of this test.
    private func answered(_ bed: Bed) async throws -> Client {
        for _ in 0..<100 {
            let client = try bed.connect()
            if let answer = try? await client.ask("GET", "/v1/status"), answer.status == 200 { return client }
        }
        throw TestFailure("no request came whole in time")
    }

    @Test("when others take too many connections, the longest silent goes and persons stay")
    func crowd() async throws {
        let bed = try await Bed {
            $0.connectionLimit = 12; $0.personReserve = 4
        }
        let person = try await bed.withVault()
        bed.becomeStranger()
        var strangers: [Client] = []
        for _ in 0..<20 {
            let stranger = try bed.connect()
            #expect(try await stranger.ask("GET", "/v1/status").status == 200)
            strangers.append(stranger)
        }
        #expect(try await strangers[0].rest().isEmpty)
        #expect(try await person.ask("GET", "/v1/projects").status == 200)
        #expect(try await strangers[19].ask("GET", "/v1/status").status == 200)
    }

    @Test("it is so however fast they come: what is kept free for persons stays free")
    func rush() async throws {
        let bed = try await Bed {
            $0.connectionLimit = 12; $0.personReserve = 4
        }
        _ = try await bed.withVault()
        bed.becomeStranger()
        var strangers: [Client] = []
        for _ in 0..<60 { strangers.append(try bed.connect()) }
        bed.becomePerson()
        #expect(try await bed.connect().ask("GET", "/v1/projects").status == 200)
        #expect(try await eventually { strangers.count { !$0.isClosed } <= 8 })
    }

    @Test("whom the kernel does not name is not answered")
    func nameless() async throws {
        let bed = try await Bed { server in
            server.peers = PeerFinder {
                close($2); return nil
            }
        }
        #expect(try await bed.connect().ask("GET", "/v1/status").status == 403)
    }
}
