import Glibc
import TacitWire
import TestKit
import Testing

@testable import TacitClient

@Suite("The stream of a run")
struct RunStreamTests {
    private static let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"

    private static func text(_ frames: [RunFrame]) -> String { String(decoding: frames.flatMap(\.encoded), as: UTF8.self) }

    private static func chunked(_ text: String, every count: Int) -> String {
        var (result, rest) = ("", Array(text.utf8)[...])
        while !rest.isEmpty {
            let piece = rest.prefix(count)
            result += "\(String(piece.count, radix: 16))\r\n\(String(decoding: piece, as: UTF8.self))\r\n"
            rest = rest.dropFirst(count)
        }
        return result + "0\r\n\r\n"
    }

    private func stream(_ pieces: String...) throws -> (RunStream, ScriptedServer) {
        var turn = ScriptedServer.Turn(until: "}\r\n")
        turn.pieces = pieces
        let server = try ScriptedServer([turn])
        return (try KeeperConnection(socketPath: server.path).startRun(RunRequest(argv: ["true"])), server)
    }

    /// All frames until the end; nil when the stream broke off.
    private func frames(_ stream: RunStream) -> [RunFrame]? {
        var frames: [RunFrame] = []
        while !stream.isAtEnd {
            if !stream.hasBuffered {
                var waiting = pollfd(fd: stream.descriptor, events: Int16(POLLIN), revents: 0)
                guard unsafe poll(&waiting, 1, 5000) == 1 else { return nil }
            }
            guard let more = try? stream.receive() else { return nil }
            frames += more
        }
        return frames
    }

    @Test("frames come out whole, however the stream is cut into chunks and pieces", arguments: [1, 2, 5, 7, 1000])
    func chunking(count: Int) throws {
        let sent: [RunFrame] = [.started(process: 7), .stdout(Array("hello".utf8)), .stderr([]), .exit(.exited(code: 3))]
        let body = Self.chunked(Self.text(sent), every: count)
        let middle = body.index(body.startIndex, offsetBy: body.count / 2)
        let (stream, _) = try stream(Self.head + "\r\n", String(body[..<middle]), String(body[middle...]))
        #expect(frames(stream) == [.started(process: 7), .stdout(Array("hello".utf8)), .exit(.exited(code: 3))])
    }

    @Test("what was said before the end is heard, though the other end takes nothing more")
    func deaf() throws {
        let sent: [RunFrame] = [.stdout(Array("last words".utf8)), .exit(.exited(code: 5))]
        let (stream, server) = try stream(Self.head + "\r\n" + Self.chunked(Self.text(sent), every: 1000))
        // The server keeps what it was asked once it has closed the connection.
        #expect(eventually { !server.asked.isEmpty })
        for _ in 0..<100 { stream.send(.stdin([UInt8](repeating: 1, count: 10_000))) }
        stream.send(.stdinEnd)
        #expect(!stream.hasUnsent)
        #expect(frames(stream) == sent)
    }

    @Test("what the person is told stands in the head")
    func notices() throws {
        let (stream, _) = try stream(Self.head + "Tacit-Notices: one%0Atwo%20words\r\nTacit-Audit-Entry: 12\r\n\r\n0\r\n\r\n")
        #expect(stream.notices == ["one", "two words"])
        #expect(stream.auditEntry == "12")
        #expect(frames(stream) == [])
    }

    @Test("notices that are not encoded as they should be are none")
    func badNotices() throws {
        let (stream, _) = try stream(Self.head + "Tacit-Notices: a%0\r\n\r\n0\r\n\r\n")
        #expect(stream.notices.isEmpty)
    }

    @Test("a stream that ends in the middle of a frame has ended without exit")
    func cut() throws {
        let (stream, _) = try stream(Self.head + "\r\n", "3\r\n\u{21}\u{0}\u{0}\r\n")
        #expect(frames(stream) == [])
    }

    @Test(
        "frames that only a client sends, and bytes that are none, break the stream off",
        arguments: [
            "1\r\n\u{1}\r\n", "1\r\n\u{7F}\r\n", "zz\r\n",
        ])
    func hostile(body: String) throws {
        let (stream, _) = try stream(Self.head + "\r\n", body)
        #expect(frames(stream) == nil)
    }

    @Test("an answer to a run that is not chunked is no run")
    func notChunked() { #expect(throws: ClientError.brokenOff) { try stream("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") } }
}
