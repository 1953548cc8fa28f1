import Foundation

/// Runs what blocks on a thread of its own. The server and the tests share one concurrency pool, which has no more threads than the machine has cores:
/// a test that waited on one of them would wait for a server that cannot run.
func blocking<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
    }
}

/// Waits for a while until something is so.
func eventually(_ isSo: () async throws -> Bool) async throws -> Bool {
    for _ in 0..<5000 {
        if try await isSo() { return true }
        try await Task.sleep(for: .milliseconds(2))
    }
    return try await isSo()
}
