import Glibc
import NIOCore
import Secrets
import Synchronization

/// A run between its start and its end. Whatever becomes of the answer, the runner's socket is closed and the outcome is written.
final class RunHold: Sendable {
    private let run: StartedRun
    private let vault: Vault
    private let book: RunBook
    private let number: UInt64
    private let isTaken = Mutex(false)

    init(_ run: StartedRun, in vault: Vault, _ book: RunBook, stop: StopSignal) {
        self.run = run
        self.vault = vault
        self.book = book
        number = book.began(stop)
    }

    deinit {
        guard !isTaken.withLock(\.self) else { return }
        // The client was gone before the answer began. Closing the socket ends the run.
        close(run.launched.descriptor)
        Task { [run, vault, book, number] in
            await vault.finish(run, result: "broken-off", detail: [])
            book.ended(number)
        }
    }

    /// The runner's socket, once; whoever takes it closes it and calls `finish`.
    func takeDescriptor() -> Int32? {
        isTaken.withLock { isTaken in
            defer { isTaken = true }
            return isTaken ? nil : run.launched.descriptor
        }
    }

    var hasLostBroker: Bool { run.hasLostBroker }

    func mayLeave(answering names: [String]) async -> Bool { await vault.mayLeave(run, answering: names) }

    func isTrap(_ texts: [[UInt8]]) async -> Bool { await vault.isTrap(texts, inFileOf: run) }

    func finish(_ result: String, _ detail: [(String, String)], answers: [String: Int]) async {
        await vault.finish(run, result: result, detail: detail, answers: answers)
        book.ended(number)
    }
}

/// Ends a run from outside, as soon as there is something to end.
final class StopSignal: Sendable {
    /// How long a client may take to read the end of a run that was stopped.
    private static let patience = TimeAmount.seconds(3)

    private struct State {
        var isSent = false
        var runner: (any Channel)?
        var client: (any Channel)?
    }

    private let state = Mutex(State())

    var isSent: Bool { state.withLock(\.isSent) }

    func send() {
        end(
            state.withLock { state in
                state.isSent = true
                return state
            })
    }

    func arm(runner: any Channel, client: any Channel) {
        end(
            state.withLock { state in
                (state.runner, state.client) = (runner, client)
                return state
            })
    }

    private func end(_ state: State) {
        guard state.isSent, let runner = state.runner, let client = state.client else { return }
        runner.close(promise: nil)
        client.eventLoop.scheduleTask(in: Self.patience) { client.close(promise: nil) }
    }
}
