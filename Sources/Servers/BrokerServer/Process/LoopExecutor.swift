import NIOCore
import Synchronization

/// Runs a connection's tasks on its own event loop: between what comes in and what goes out no thread has to wake another.
///
/// Nothing that blocks runs there: what a keeper's judge reads of a disk is read elsewhere. What is searched at once is as long as one read of a socket.
final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop
    /// One for each loop, and loops are never shut down here.
    private static let all = Mutex<[ObjectIdentifier: LoopExecutor]>([:])

    private init(_ loop: any EventLoop) { self.loop = loop }

    static func of(_ loop: any EventLoop) -> LoopExecutor {
        all.withLock { all in
            if let executor = all[ObjectIdentifier(loop)] { return executor }
            let executor = LoopExecutor(loop)
            all[ObjectIdentifier(loop)] = executor
            return executor
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = unsafe asUnownedTaskExecutor()
        loop.execute { unsafe job.runSynchronously(on: executor) }
    }
}
