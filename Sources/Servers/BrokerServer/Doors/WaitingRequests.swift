import NIOCore
import Synchronization

/// The requests of a connection or a stream until somebody serves them. Where nobody does, because its door closed meanwhile, they end: the library stops a
/// process that drops them as they are.
final class WaitingRequests: Sendable {
    private let requests: Mutex<DoorGuest.Requests?>

    init(_ requests: DoorGuest.Requests) { self.requests = Mutex(requests) }

    /// To be served by whoever takes them, once.
    func take() -> DoorGuest.Requests? {
        requests.withLock { requests in
            defer { requests = nil }
            return requests
        }
    }

    deinit {
        guard let requests = take() else { return }
        // Owned by the connection, which it ends.
        Task { try? await requests.executeThenClose { _, _ in } }
    }
}
