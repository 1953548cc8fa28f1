import Dispatch
package import MCPSession
import Synchronization

/// Performs a session's actions over a pair of descriptors: reads lines, writes lines, and runs each tool call in a task of its own.
package final class StdioServer: Sendable {
    /// Tells the client how far a call has come.
    package typealias Progress = @Sendable (_ done: Int64, _ total: Int64?, _ message: String?) -> Void
    /// Runs one round of a call to its end. A cancelled call's outcome is dropped.
    package typealias Runner = @Sendable (ToolCall, @escaping Progress) async -> ToolStep

    private struct State {
        var session: MCPSession
        /// What goes on for each call: its tool, or the wait for an answer of the client's side.
        var tasks: [CallID: Task<Void, Never>] = [:]
    }

    private let pipe: StdioPipe
    private let writer: LineWriter
    private let grace: Duration
    private let patience: Duration
    private let run: Runner
    private let state: Mutex<State>
    private let stops: AsyncStream<Void>
    private let stop: AsyncStream<Void>.Continuation

    /// `grace` is how long calls may go on after the end of the input, `patience` how long a call waits for an answer of the client's side: hosts
    /// that declare forms and show none end the whole call after a minute.
    package init(
        _ session: MCPSession, over pipe: StdioPipe, grace: Duration = .seconds(1), patience: Duration = .seconds(45), run: @escaping Runner
    ) {
        self.pipe = pipe
        self.grace = grace
        self.patience = patience
        self.run = run
        writer = LineWriter(pipe)
        state = Mutex(State(session: session))
        (stops, stop) = AsyncStream<Void>.makeStream()
    }

    /// Serves until the input ends. When it returns, every answer is written and every call is done or cancelled.
    package func serve() async {
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            DispatchQueue(label: "mcp.input").async {
                self.readToEnd()
                done.resume()
            }
        }
        perform { $0.inputEnded() }
        let deadline = Task {
            try? await Task.sleep(for: grace)
            perform { $0.abandon() }
        }
        for await _ in stops { break }
        deadline.cancel()
        writer.flush()
    }

    private func readToEnd() {
        var framer = LineFramer()
        while true {
            let bytes = pipe.read()
            if bytes.isEmpty { break }
            for frame in framer.push(bytes) { perform { $0.receive(frame) } }
            writer.relieve()
        }
        if let last = framer.end() { perform { $0.receive(last) } }
    }

    /// Tells the session what happened and does what it says, without another event coming in between: the order of lines is the order of events.
    private func perform(_ event: (inout MCPSession) -> [MCPSession.Action]) {
        let cancelled = state.withLock { state in
            var cancelled: [Task<Void, Never>] = []
            for action in event(&state.session) {
                switch action {
                case .send(let line): writer.write(line)
                case .call(let call): replace(&state.tasks[call.id], with: Task { await self.perform(call) }, &cancelled)
                case .wait(let id): replace(&state.tasks[id], with: Task { await self.wait(id) }, &cancelled)
                case .cancel(let id): replace(&state.tasks[id], with: nil, &cancelled)
                case .stop: stop.finish()
                }
            }
            return cancelled
        }
        // Outside the lock: a cancellation handler may tell progress.
        for task in cancelled { task.cancel() }
    }

    private func replace(_ task: inout Task<Void, Never>?, with next: Task<Void, Never>?, _ cancelled: inout [Task<Void, Never>]) {
        if let task { cancelled.append(task) }
        task = next
    }

    private func perform(_ call: ToolCall) async {
        let step = await run(call) { done, total, message in
            self.perform { $0.progress(call.id, done, of: total, message: message) }
        }
        state.withLock { _ = $0.tasks.removeValue(forKey: call.id) }
        perform { $0.finish(call.id, step) }
    }

    private func wait(_ id: CallID) async {
        do { try await Task.sleep(for: patience) } catch { return }
        perform { $0.giveUp(id) }
    }
}
