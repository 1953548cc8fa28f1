import Synchronization

/// Runs one job after the other, on whatever thread is free: for a store that has no thread of its own.
final class TurnExecutor: SerialExecutor, TaskExecutor {
    private struct Turns {
        var jobs: [UnownedJob] = []
        var isRunning = false

        mutating func next() -> UnownedJob? {
            guard jobs.isEmpty else { return jobs.removeFirst() }
            isRunning = false
            return nil
        }
    }

    private let turns = Mutex(Turns())

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let begins = turns.withLock { turns in
            turns.jobs.append(job)
            defer { turns.isRunning = true }
            return !turns.isRunning
        }
        // Owned by the jobs: it ends when none waits.
        if begins { Task { run() } }
    }

    private func run() {
        let (serial, task) = unsafe (asUnownedSerialExecutor(), asUnownedTaskExecutor())
        while let job = turns.withLock({ $0.next() }) { unsafe job.runSynchronously(isolatedTo: serial, taskExecutor: task) }
    }
}
