import Model
import Synchronization

/// Who may act as a person, and until when: unlocked kernel sessions, passwords given with one command, grace, lease and idle lock.
///
/// Looking at a peer only ever lowers authority; what raises it is a password that the vault has checked.
final class SessionBook: Sendable {
    /// How long the vault stays unlocked without a person's act.
    static let idleLimit = Duration.seconds(15 * 60)
    static let revealGrace = Duration.seconds(5 * 60)

    private let state = Mutex(State())

    private struct State {
        var sessions: Set<KernelSession> = []
        /// Step-up tokens by the connection they were given on.
        var stepUps: [UInt64: String] = [:]
        var graces: [KernelSession: Timestamp] = [:]
        /// Connections for whose one command alone the vault was opened.
        var visitors: Set<UInt64> = []
        var idleDeadline: Timestamp?
        var leaseUntil: Timestamp?
    }

    /// Makes the peer's session a person's.
    func admit(_ session: KernelSession, now: Timestamp) {
        state.withLock {
            $0.sessions.insert(session)
            $0.idleDeadline = now.advanced(by: Self.idleLimit)
        }
    }

    /// Lets a connection use the vault that was opened for its one command.
    func admitVisitor(_ connection: UInt64) { state.withLock { _ = $0.visitors.insert(connection) } }

    /// Gives the connection a token that makes its requests a person's.
    func stepUp(_ connection: UInt64, random: RandomBytes) -> String {
        let token = random.bytes(16).hexadecimal
        state.withLock { $0.stepUps[connection] = token }
        return token
    }

    func isSteppedUp(_ connection: UInt64, token: String?) -> Bool {
        guard let token else { return false }
        return state.withLock { $0.stepUps[connection].map { equalInConstantTime($0, token) } ?? false }
    }

    func isUnlocked(_ peer: Peer) -> Bool {
        guard let session = peer.session, peer.isNextToLeader else { return false }
        return state.withLock { $0.sessions.contains(session) }
    }

    func openRevealGrace(_ session: KernelSession, now: Timestamp) -> Timestamp {
        let until = now.advanced(by: Self.revealGrace)
        state.withLock { $0.graces[session] = until }
        return until
    }

    func hasRevealGrace(_ peer: Peer, now: Timestamp) -> Bool {
        guard isUnlocked(peer), let session = peer.session else { return false }
        return state.withLock { now < $0.graces[session] ?? Timestamp(nanoseconds: .min) }
    }

    /// A person did something: the idle lock starts anew.
    func personActed(now: Timestamp) {
        state.withLock { if $0.idleDeadline != nil { $0.idleDeadline = now.advanced(by: Self.idleLimit) } }
    }

    func grantLease(until: Timestamp) { state.withLock { $0.leaseUntil = until } }

    /// When the vault locks if nobody acts; nil when only visitors keep it open.
    var locksAt: Timestamp? {
        state.withLock { state in state.idleDeadline.map { max($0, state.leaseUntil ?? $0) } }
    }

    var leaseUntil: Timestamp? { state.withLock { $0.leaseUntil } }

    /// The connection has ended. Returns whether nobody is left for whom the vault was open.
    func connectionEnded(_ connection: UInt64) -> Bool {
        state.withLock {
            $0.stepUps[connection] = nil
            guard $0.visitors.remove(connection) != nil else { return false }
            return $0.visitors.isEmpty && $0.idleDeadline == nil
        }
    }

    /// Whether the time for the idle lock has come.
    func isIdle(now: Timestamp) -> Bool {
        state.withLock {
            guard let deadline = $0.idleDeadline else { return $0.visitors.isEmpty }
            return now >= max(deadline, $0.leaseUntil ?? deadline) && $0.visitors.isEmpty
        }
    }

    /// Forgets everything at lock.
    func clear() { state.withLock { $0 = State() } }
}

/// Compares two texts in a time that depends on their lengths alone.
func equalInConstantTime(_ left: String, _ right: String) -> Bool {
    let (left, right) = (Array(left.utf8), Array(right.utf8))
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
}
