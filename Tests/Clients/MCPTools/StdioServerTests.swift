import Dispatch
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
        #expect(await wire.line().object?["id"] == 1)
        #expect(await wire.line().object?["result"]?.object?["tools"]?.array?.count == 15)
        wire.send(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}"#)
        wire.send(#"{"jsonrpc":"2.0","id":4,"method":"ping"}"#)
        #expect(await wire.line().object?["id"] == 4)
        wire.endInput()
        await server.value
    }

    @Test("a call whose client never answers comes to its fallback, and the question is taken back")
    func neverAnswered() async throws {
        let wire = Wire()
        let tool = ToolDescription(name: "ask", title: "Ask", description: "Asks.", input: .arguments([]))
        let session = MCPSession(
            server: ServerDescription(name: "a", title: "A", version: "1", instructions: ""), tools: [tool], states: .ofThisProcess())
        let question = ToolQuestion([("box", .form(.box("?", "approve", "Yes")))], fallback: .failure("nobody answered"))
        let server = Task { await StdioServer(session, over: wire.server, patience: .zero) { _, _ in .asks(question) }.serve() }
        wire.send(
            #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"elicitation":{}},"#
                + #""clientInfo":{"name":"a","version":"1"}}}"#)
        #expect(await wire.line().object?["id"] == 1)
        wire.send(#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"ask"}}"#)
        let asked = await wire.line().object
        #expect(asked?["method"] == "elicitation/create")
        let taken = await wire.line().object
        #expect(taken?["method"] == "notifications/cancelled")
        #expect(taken?["params"]?.object?["requestId"] == asked?["id"])
        #expect(await wire.line().object?["result"]?.text.contains("nobody answered") == true)
        wire.endInput()
        await server.value
    }

    @Test("a process believes only its own states")
    func states() throws {
        func session() -> MCPSession {
            let tool = ToolDescription(name: "ask", title: "Ask", description: "Asks.", input: .arguments([]))
            return MCPSession(
                server: ServerDescription(name: "a", title: "A", version: "1", instructions: ""), tools: [tool], states: .ofThisProcess())
        }
        func request(_ id: Int, _ more: String) -> [UInt8] {
            Array(
                (#"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"name":"ask"\#(more),"_meta":{"#
                    + #""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"roots":{}}}}}"#).utf8)
        }
        var (one, other) = (session(), session())
        guard case .call(let call)? = one.receive(line: request(1, "")).first else { throw Desk.Unexpected.noAnswer }
        guard case .send(let line)? = one.finish(call.id, .asks(ToolQuestion([("roots", .roots)]))).first else { throw Desk.Unexpected.noAnswer }
        let state = try #require(try JSONValue(parsing: line).object?["result"]?.object?["requestState"])
        let again = request(2, #","requestState":\#(state.text)"#)
        guard case .send(let refusal)? = other.receive(line: again).first else { throw Desk.Unexpected.noAnswer }
        #expect(try JSONValue(parsing: refusal).object?["error"]?.object?["code"] == -32602)
        guard case .call(let second)? = one.receive(line: again).first else { throw Desk.Unexpected.noAnswer }
        #expect(second.reply?.state.step == 1)
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

        /// The next line. A thread of its own waits for it: the server needs those that tasks run on.
        func line() async -> JSONValue {
            await withCheckedContinuation { (line: CheckedContinuation<JSONValue, Never>) in
                DispatchQueue(label: "host").async { line.resume(returning: self.nextLine()) }
            }
        }

        private func nextLine() -> JSONValue {
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
