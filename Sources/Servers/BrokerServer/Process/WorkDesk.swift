import NIOCore
import Secrets
import Synchronization

/// Takes what the keeper says, and keeps what goes on: errands and doors.
final class WorkDesk: Sendable {
    private let parts: BrokerParts
    private let group: any EventLoopGroup
    private let running = Mutex<[WorkID: Task<Void, Never>]>([:])

    init(_ parts: BrokerParts, on group: any EventLoopGroup) { (self.parts, self.group) = (parts, group) }

    /// Says whether the keeper speaks as a keeper does.
    func take(_ message: ControlMessage) -> Bool {
        switch message {
        case .errand(let id, let errand):
            let loop = group.next()
            run(id, on: LoopExecutor.of(loop)) { [parts] in
                await parts.link.send(await ErrandRun(id: id, errand: errand, broker: parts, loop: loop).run())
            }
        case .allow(let id, let leave): parts.link.answer(id, .allow(leave))
        case .refuse(let id, let denial): parts.link.answer(id, .refuse(denial))
        case .describe(let id): parts.link.answer(id, .describe)
        case .sealed(let id, let credentials): parts.link.answer(id, sealed: credentials)
        case .unsealed(let id): parts.link.answer(id, sealed: nil)
        case .mayLeave(let id, let mayLeave): parts.link.answer(id, mayLeave: mayLeave)
        case .consult(let id):
            parts.values.consult()
            parts.link.tell(.consulting(id))
        case .cancel(let id): running.withLock { $0[id] }?.cancel()
        case .revoke(let grant): parts.ongoing.end(with: grant)
        case .open(let id, let setup): run(id) { [parts] in await Self.open(id, setup, parts) }
        case .ask, .seal, .leaving, .consulting, .outcome, .reply, .failure, .opened, .misuse, .egress, .withdraw: return false
        }
        return true
    }

    /// Nothing is asked or sent any more.
    func close() {
        parts.link.close()
        parts.upstream.close()
        running.withLock { running in
            for task in running.values { task.cancel() }
        }
    }

    private func run(_ id: WorkID, on executor: (any TaskExecutor)? = nil, _ work: @escaping @Sendable () async -> Void) {
        running.withLock { running in
            // Owned by the desk, which cancels it at its end.
            running[id] = Task(executorPreference: executor) {
                await work()
                self.running.withLock { $0[id] = nil }
            }
        }
    }

    private static func open(_ id: WorkID, _ setup: DoorSetup, _ parts: BrokerParts) async {
        do {
            let door = try await Door(id, setup, parts)
            await parts.link.send(.opened(id, try door.open))
            await door.serve()
        } catch { await parts.link.send(.failure(id, .unavailable)) }
    }
}
