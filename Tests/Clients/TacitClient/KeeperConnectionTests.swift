import Dispatch
import Foundation
import Glibc
import Synchronization
import TacitWire
import TestKit
import Testing

@testable import TacitClient

@Suite("A connection to the keeper")
struct KeeperConnectionTests {
    private static let okay = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"

    private func answer(_ pieces: [String]) throws -> KeeperConnection.Answer {
        var turn = ScriptedServer.Turn()
        turn.pieces = pieces
        let server = try ScriptedServer([turn])
        return try KeeperConnection(socketPath: server.path).send("GET", "/v1/status")
    }

    @Test(
        "a body is read by its length or its chunks, in whatever pieces it comes",
        arguments: [
            [okay + "Content-Length: 4\r\n\r\nbody"],
            [okay + "content-length: 4\r", "\n\r\nb", "o", "dy"],
            [okay + "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"],
            [okay + "transfer-encoding: chunked\r\n\r\n", "1\r", "\nb\r\n3", "\r\nody\r\n", "0\r\n", "\r\n"],
            [okay.replacing("200", "299") + "Content-Length:4\r\n\r\nbodyand what belongs to nobody"],
        ])
    func bodies(pieces: [String]) throws {
        let answer = try answer(pieces)
        #expect(answer.body == Array("body".utf8))
        #expect(answer.headers["content-type"] == "application/json")
    }

    // Whose the socket is, is another user's matter: in a process of its own.
    @Test("to another user's keeper nothing is sent", .enabled(if: geteuid() == 0, "only root becomes another user"))
    func foreignKeeper() async throws {
        let server = try ScriptedServer([.init(Self.okay + "Content-Length: 1\r\n\r\nx")])
        let path = server.path
        #expect(unsafe chmod(path, 0o777) == 0 && chmod(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]), 0o711) == 0)
        await #expect(processExitsWith: .success) { [path = path as String] in
            setuid(65_534)
            do throws(ClientError) { _ = try KeeperConnection(socketPath: path) } catch {
                exit(error == .foreignKeeper(user: 0) && error.hint?.contains("XDG_RUNTIME_DIR") == true ? 0 : 2)
            }
        }
        #expect(eventually { server.asked == [""] }, "the connection was made, and closed without a byte")
    }

    @Test("a connection that does not come about closes nobody else's descriptor")
    func refused() async {
        // In a process of its own: what this is about would hit the other tests.
        await #expect(processExitsWith: .success) {
            let isOver = Atomic(false)
            let refuser = Thread { while !isOver.load(ordering: .relaxed) { _ = try? KeeperConnection(socketPath: "/no/such/socket") } }
            refuser.start()
            for _ in 0..<20_000 {
                let mine = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
                sched_yield()
                guard close(mine) == 0 else { exit(1) }
            }
            isOver.store(true, ordering: .relaxed)
        }
    }

    @Test("an answer without content has none, and the next answer follows")
    func noContent() throws {
        let server = try ScriptedServer([.init("HTTP/1.1 204 No Content\r\n\r\n"), .init(Self.okay + "Content-Length: 1\r\n\r\nx")])
        let connection = try KeeperConnection(socketPath: server.path)
        #expect(try connection.send("DELETE", "/v1/agents/a").body.isEmpty)
        #expect(try connection.send("GET", "/v1/status").body == [UInt8(ascii: "x")])
    }

    @Test(
        "an answer that is cut or makes no sense is one that broke off",
        arguments: [
            "", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\n", "HTTP/2 200 OK\r\ncontent-length: 0\r\n\r\n", "SSH-2.0-x\r\n\r\n",
            okay + "Content-Length: 5\r\n\r\nbody", okay + "Content-Length: -1\r\n\r\n", okay + "Content-Length: x\r\n\r\n", okay + "\r\n",
            okay + "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n", okay + "Transfer-Encoding: chunked\r\n\r\n4\r\nbodyx\r\n0\r\n\r\n",
            okay + "Transfer-Encoding: chunked\r\n\r\n-4\r\nbody\r\n0\r\n\r\n", okay + "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
            okay + "no colon here\r\n\r\n", "HTTP/1.1 200 OK\r\nx: \u{1}\r\n", "HTTP/1.1 999999999999999999999 OK\r\n\r\n",
        ])
    func broken(text: String) { #expect(throws: ClientError.brokenOff) { try answer([text]) } }

    @Test("heads without end are not read without end", arguments: [okay + "x: ", okay + "x: y\r\n"])
    func endlessHead(start: String) {
        let line = start.hasSuffix("\n") ? "x: y\r\n" : "x"
        #expect(throws: ClientError.brokenOff) { try answer([start + String(repeating: line, count: 2_000_000 / line.utf8.count)]) }
    }

    @Test(
        "a length or chunk beyond reason is not allotted",
        arguments: [
            "Content-Length: 9223372036854775807\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n",
        ])
    func hugeLength(rest: String) { #expect(throws: ClientError.brokenOff) { try answer([Self.okay + rest]) } }

    @Test("a problem is thrown as it was sent")
    func problem() throws {
        let json = #"{"code":"vault.locked","hint":"h","status":423,"title":"the vault is locked","type":"tacit:problem:vault.locked"}"#
        let text = "HTTP/1.1 423 Locked\r\ncontent-type: application/problem+json\r\ncontent-length: \(json.utf8.count)\r\n\r\n\(json)"
        #expect(throws: ClientError.problem(Problem("vault.locked", "the vault is locked", status: 423, hint: "h"))) { try answer([text]) }
    }

    @Test("a refusal that is no problem is one all the same")
    func bareRefusal() throws {
        let error = #expect(throws: ClientError.self) { try answer(["HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"]) }
        guard case .problem(let problem) = error else { return #expect(Bool(false)) }
        #expect(problem.status == 400)
    }

    @Test("a request is one head and one body, with the connection's header fields")
    func request() throws {
        let server = try ScriptedServer([.init(until: "body", Self.okay + "Content-Length: 0\r\n\r\n")])
        let connection = try KeeperConnection(socketPath: server.path)
        connection.headers = ["Tacit-Source": "cli"]
        _ = try connection.send("PUT", "/v1/policy", body: Array("body".utf8), contentType: "text/plain", ifMatch: 7)
        #expect(eventually { server.asked.count == 1 })
        #expect(
            server.asked == [
                "PUT /v1/policy HTTP/1.1\r\nHost: keeper\r\nTacit-Source: cli\r\nContent-Type: text/plain\r\nIf-Match: \"7\"\r\nContent-Length: 4\r\n\r\nbody"
            ])
    }

    @Test("nobody listening, or a path too long to listen on, is no keeper")
    func absent() throws {
        let directory = try TemporaryDirectory()
        #expect(throws: ClientError.noKeeper) { try KeeperConnection(socketPath: directory.path("none")) }
        #expect(throws: ClientError.noKeeper) { try KeeperConnection(socketPath: directory.path(String(repeating: "x", count: 200))) }
    }

    @Test("a run that was refused leaves the connection to the next request")
    func refusedRun() throws {
        let json = #"{"code":"vault.locked","status":423,"title":"the vault is locked","type":"tacit:problem:vault.locked"}"#
        let refusal = "HTTP/1.1 423 Locked\r\ncontent-length: \(json.utf8.count)\r\n\r\n\(json)"
        let server = try ScriptedServer([
            .init(until: "}\r\n", refusal), .init(until: "Content-Length: 0\r\n\r\n", Self.okay + "Content-Length: 2\r\n\r\nhi"),
        ])
        let connection = try KeeperConnection(socketPath: server.path)
        #expect(throws: ClientError.self) { try connection.startRun(RunRequest(argv: ["a"])) }
        #expect(try connection.send("GET", "/v1/status").body == Array("hi".utf8))
        #expect(eventually { server.asked.count == 1 })
        #expect(server.asked[0].contains("}\r\n0\r\n\r\nGET /v1/status HTTP/1.1\r\n"), "the chunked body ends before the next request")
    }

    @Test("whoever waits for an answer stops waiting when the connection is broken off")
    func breaker() throws {
        let server = try ScriptedServer([.init(until: "never")])
        let connection = try KeeperConnection(socketPath: server.path)
        let breaker = connection.breaker
        DispatchQueue.global().async { breaker.breakOff() }
        #expect(throws: ClientError.brokenOff) { try connection.send("GET", "/v1/status") }
    }
}

extension String {
    fileprivate func replacing(_ text: String, _ other: String) -> String {
        guard let range = firstRange(of: text) else { return self }
        return String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
    }
}
