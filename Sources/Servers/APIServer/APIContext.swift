import Hummingbird
import Model
import NIOCore
import Secrets

/// What belongs to one request: the connection it came on, and who asks.
struct APIContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel
    /// Set by `AskerMiddleware` before any route runs.
    private var admission: Admission?
    /// The query's values: only keys that the route knows.
    var query: [String: String] = [:]

    /// Who asks, and through which door.
    struct Admission: Sendable {
        var door: DoorFacts
        var asker: Asker
        /// How long the request may take to come whole.
        var deadline: RequestDeadline
    }

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    mutating func admit(_ admission: Admission) { self.admission = admission }

    var admitted: Admission {
        get throws {
            guard let admission else { throw EngineError.denied(.personOnly) }
            return admission
        }
    }

    var asker: Asker { get throws { try admitted.asker } }
    var door: DoorFacts { get throws { try admitted.door } }

    /// Does what is of no use to a client that is gone: with its connection the work is cancelled.
    func whileAwaited<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let job = Task { try await work() }
        // The connection may serve others long after: it keeps nothing of this.
        let cancellation = Cancellation { job.cancel() }
        channel.closeFuture.whenComplete { [weak cancellation] _ in cancellation?.cancel() }
        defer { withExtendedLifetime(cancellation) {} }
        return try await job.value
    }

    private final class Cancellation: Sendable {
        let cancel: @Sendable () -> Void
        init(_ cancel: @escaping @Sendable () -> Void) { self.cancel = cancel }
    }
}
