import Glibc
import MCPSession
import TacitWire
import Testing

@testable import MCPTools

@Suite struct StdioServerTests {
    @Test("initialize and the tool list are answered while the keeper answers nothing")
    func silentKeeper() async throws {
        let wire = Wire()
        let keeper = StubKeeper { $0.run = { _, _, _ in try await Self.forever() } }
        let server = Task { await MCPServer(keeper: keeper, place: Place(project: "a", environment: "b"), version: "1").serve(over: wire.server) }
        wire.send(
            #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"#
                + #""clientInfo":{"name":"a","version":"1"}}}"#)
        wire.send(
            #"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"secret_run","arguments":"#
                + #"{"argv":["a"],"secrets":[{"name":"A"}],"purpose":"p"}}}"#)
        wire.send(#"{"jsonrpc":"2.0","id":3,"method":"tools/list"}"#)
        #expect(wire.line().object?["id"] == 1)
        #expect(wire.line().object?["result"]?.object?["tools"]?.array?.count == 5)
        wire.send(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}"#)
        wire.send(#"{"jsonrpc":"2.0","id":4,"method":"ping"}"#)
        #expect(wire.line().object?["id"] == 4)
        wire.endInput()
        await server.value
    }

    private static func forever() async throws -> String? {
        try await Desk.never()
        return nil
    }

    /// A host's ends of two pipes.
    final class Wire: Sendable {
        let server: StdioPipe
        private let host: StdioPipe

        init() {
            let (first, second) = (Self.pipe(), Self.pipe())
            server = StdioPipe(input: first.0, output: second.1)
            host = StdioPipe(input: second.0, output: first.1)
        }

        func send(_ line: String) { _ = host.write(Array(line.utf8) + [0x0A]) }
        func endInput() { close(host.output) }

        /// The next line; blocks.
        func line() -> JSONValue {
            var bytes: [UInt8] = []
            var byte: UInt8 = 0
            while unsafe read(host.input, &byte, 1) == 1, byte != 0x0A { bytes.append(byte) }
            return (try? JSONValue(parsing: bytes)) ?? .null
        }

        private static func pipe() -> (Int32, Int32) {
            var ends: [Int32] = [-1, -1]
            _ = unsafe Glibc.pipe(&ends)
            return (ends[0], ends[1])
        }
    }
}
