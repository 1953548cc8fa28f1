package import Model
import Synchronization

/// What was asked with a token since the keeper was started. The log has each request; this is its sum, and is stored nowhere.
package struct TokenUsage: Sendable, Equatable {
    /// That were allowed.
    package var requests = 0
    package var refused = 0
    /// Of bodies.
    package var bytesSent: Int64 = 0
    package var bytesReceived: Int64 = 0
    package var lastUsedAt: Timestamp?
}

/// The usage of each token that was shown to a broker.
final class TokenUsages: Sendable {
    /// Of more tokens that of the one that was used longest ago is forgotten.
    private static let mostKept = 4096

    private let state = Mutex<[GrantID: TokenUsage]>([:])

    func used(_ grants: some Sequence<GrantID>, at now: Timestamp) { change(grants) { ($0.requests, $0.lastUsedAt) = ($0.requests + 1, now) } }

    func refused(_ grants: some Sequence<GrantID>, at now: Timestamp) { change(grants) { ($0.refused, $0.lastUsedAt) = ($0.refused + 1, now) } }

    func carried(_ grants: some Sequence<GrantID>, _ outcome: RequestOutcome) {
        change(grants) { usage in
            usage.bytesSent = Self.sum(usage.bytesSent, outcome.bytesSent)
            usage.bytesReceived = Self.sum(usage.bytesReceived, outcome.bytesReceived)
        }
    }

    subscript(grant: GrantID) -> TokenUsage? { state.withLock { $0[grant] } }

    private func change(_ grants: some Sequence<GrantID>, _ body: (inout TokenUsage) -> Void) {
        state.withLock { state in
            for grant in Set(grants) { body(&state[grant, default: TokenUsage()]) }
            while state.count > Self.mostKept,
                let oldest = state.min(by: { ($0.value.lastUsedAt?.nanoseconds ?? 0) < ($1.value.lastUsedAt?.nanoseconds ?? 0) })
            {
                state[oldest.key] = nil
            }
        }
    }

    /// A broker that was taken over may say any number.
    private static func sum(_ first: Int64, _ second: Int64) -> Int64 {
        let (sum, overflow) = first.addingReportingOverflow(max(0, second))
        return overflow ? .max : sum
    }
}
