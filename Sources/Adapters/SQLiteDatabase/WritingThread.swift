import Dispatch

/// A thread that may wait for the disk.
final class WritingThread: SerialExecutor, TaskExecutor {
    private let queue = DispatchQueue(label: "tacit.store.writing")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { [self] in unsafe job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor()) }
    }
}
