package import MCPSession
import Synchronization

/// The tools of the product: their list, and one call from arguments to outcome.
package final class SecretTools: Sendable {
    /// Waits; a cancelled task throws.
    package typealias Pause = @Sendable (Duration) async throws -> Void

    /// The most calls of all tools at once; a host that starts more is in a loop.
    static let maximumCalls = 32

    private let keeper: any KeeperAPI
    private let place: Place
    private let pause: Pause
    private let tools: [any SecretTool]
    private let calls = Places(SecretTools.maximumCalls)

    /// `place` is where bare names are looked up; `version` is this program's.
    package init(
        keeper: any KeeperAPI, place: Place, version: String, pause: @escaping Pause = { try await Task.sleep(for: $0) }
    ) {
        self.keeper = keeper
        self.place = place
        self.pause = pause
        tools = [
            SecretStatusTool(version: version), SecretListTool(), SecretExistsTool(), SecretGetMaskedTool(), SecretRunTool(), SecretInjectTool(),
            SecretRequestTool(), SecretTokenTool(), SessionWakeTool(), SessionSleepTool(), RuleListTool(), RuleAcknowledgeTool(), SecretImportTool(),
            AccessRequestTool(), AccessCheckTool(),
        ]
    }

    /// As `tools/list` shows them: always the same, in this order.
    package var descriptions: [ToolDescription] { tools.map(\.description) }

    /// Runs one call. Every failure becomes an outcome that the model can act on.
    package func outcome(of call: ToolCall, progress: @escaping StdioServer.Progress) async -> ToolOutcome {
        guard let tool = tools.first(where: { $0.description.name == call.name }) else { return ToolFailure.internal.outcome }
        guard calls.take() else { return ToolFailure.tooManyCalls.outcome }
        defer { calls.giveBack() }
        do {
            let context = CallContext(keeper: keeper, place: place, progress: progress, pause: pause)
            return ToolOutcome(structured: try await tool.answer(call, in: context))
        } catch {
            return ToolFailure(error).outcome
        }
    }
}

/// A fixed number of places that calls take and give back.
final class Places: Sendable {
    private let free: Mutex<Int>

    init(_ count: Int) { free = Mutex(count) }

    /// Takes a place; false when there is none.
    func take() -> Bool {
        free.withLock { free in
            guard free > 0 else { return false }
            free -= 1
            return true
        }
    }

    func giveBack() { free.withLock { $0 += 1 } }
}
