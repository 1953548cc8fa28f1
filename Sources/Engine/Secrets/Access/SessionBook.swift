import Model
import Synchronization

/// Who may act as a person, and until when: unlocked kernel sessions, passwords given with one command, grace, lease and idle lock.
///
/// Looking at a peer only ever lowers authority; what raises it is a password that the vault has checked. All moments are since boot.
final class SessionBook: Sendable {
    /// How long the vault stays unlocked without a person's act.
    static let idleLimit = Duration.seconds(15 * 60)
    static let revealGrace = Duration.seconds(5 * 60)

    private let state = Mutex(State())

    private struct State {
        var sessions: Set<KernelSession> = []
        /// Sessions of these in which changes and runs ask again.
        var readOnly: Set<KernelSession> = []
        /// Step-up tokens by the connection they were given on.
        var stepUps: [UInt64: String] = [:]
        var graces: [KernelSession: Timestamp] = [:]
        /// Connections whose commands hold the vault open, for want of a session.
        var visitors: Set<UInt64> = []
        /// When persons lose their standing unless one acts; nil while locked.
        var idleDeadline: Timestamp?
        /// Until when agents may use the vault although no person acts.
        var leaseUntil: Timestamp?

        var isHeld: Bool { !sessions.isEmpty || !visitors.isEmpty }

        /// When the vault locks if nobody acts.
        var locksAt: Timestamp? {
            guard let idleDeadline else { return nil }
            guard let leaseUntil else { return idleDeadline }
            return isHeld ? max(idleDeadline, leaseUntil) : leaseUntil
        }

        /// Whether a person acted lately enough: a lease is for agents.
        func isPersonsTime(_ now: Timestamp) -> Bool { idleDeadline.map { now < $0 } ?? false }

        func isUnlocked(_ peer: Peer, now: Timestamp) -> Bool {
            guard let session = peer.session, peer.isNextToLeader, isPersonsTime(now) else { return false }
            return sessions.contains(session)
        }

        /// Starts the idle lock anew. Whoever had a standing before it fell has none any more.
        mutating func renew(now: Timestamp) {
            if !isPersonsTime(now) { (sessions, readOnly, stepUps, graces, visitors) = ([], [], [:], [:], []) }
            idleDeadline = now.advanced(by: SessionBook.idleLimit)
        }
    }

    /// Makes the peer's session a person's; where `isReadOnly`, one in which changes and runs ask again.
    func admit(_ session: KernelSession, isReadOnly: Bool = false, now: Timestamp) {
        state.withLock {
            $0.renew(now: now)
            $0.sessions.insert(session)
            if isReadOnly { $0.readOnly.insert(session) } else { $0.readOnly.remove(session) }
        }
    }

    func isReadOnly(_ peer: Peer) -> Bool { state.withLock { state in peer.session.map(state.readOnly.contains) ?? false } }

    /// Lets a connection hold the vault open, until it ends or nobody acts.
    func admitVisitor(_ connection: UInt64, now: Timestamp) {
        state.withLock {
            $0.renew(now: now)
            $0.visitors.insert(connection)
        }
    }

    /// Gives the connection a token that makes its requests a person's.
    func stepUp(_ connection: UInt64, random: RandomBytes) -> String {
        let token = random.bytes(16).hexadecimal
        state.withLock { $0.stepUps[connection] = token }
        return token
    }

    func isSteppedUp(_ connection: UInt64, token: String?, now: Timestamp) -> Bool {
        guard let token else { return false }
        return state.withLock { state in
            guard state.isPersonsTime(now), let given = state.stepUps[connection] else { return false }
            return equalInConstantTime(given, token)
        }
    }

    /// Whether a person was asked on this connection.
    func isSteppedUp(_ connection: UInt64, now: Timestamp) -> Bool {
        state.withLock { $0.isPersonsTime(now) && $0.stepUps[connection] != nil }
    }

    func isUnlocked(_ peer: Peer, now: Timestamp) -> Bool { state.withLock { $0.isUnlocked(peer, now: now) } }

    func openRevealGrace(_ session: KernelSession, now: Timestamp) -> Timestamp {
        let until = now.advanced(by: Self.revealGrace)
        state.withLock { $0.graces[session] = until }
        return until
    }

    func revealGrace(_ peer: Peer, now: Timestamp) -> Timestamp? {
        state.withLock { state in
            guard let session = peer.session, state.isUnlocked(peer, now: now), let until = state.graces[session], now < until else { return nil }
            return until
        }
    }

    /// What the session of a peer leaves to doubt.
    func doubt(about peer: Peer, now: Timestamp) -> StandingDoubt? {
        state.withLock { state in
            guard let session = peer.session, state.sessions.contains(session) else { return .otherSession }
            return state.isUnlocked(peer, now: now) ? nil : .idle
        }
    }

    /// A person did something: the idle lock starts anew, unless it has fallen.
    func personActed(now: Timestamp) { state.withLock { if $0.isPersonsTime(now) { $0.renew(now: now) } } }

    func grantLease(until: Timestamp) { state.withLock { $0.leaseUntil = until } }

    var locksAt: Timestamp? { state.withLock { $0.locksAt } }

    var leaseUntil: Timestamp? { state.withLock { $0.leaseUntil } }

    /// The connection has ended. Returns whether it was the last that held the vault open.
    func connectionEnded(_ connection: UInt64) -> Bool {
        state.withLock {
            $0.stepUps[connection] = nil
            return $0.visitors.remove(connection) != nil && !$0.isHeld
        }
    }

    /// Whether nobody holds the vault open: neither session, nor command, nor lease.
    func isAbandoned(now: Timestamp) -> Bool { state.withLock { !$0.isHeld && now >= $0.leaseUntil ?? now } }

    /// Whether the time for the idle lock has come.
    func isIdle(now: Timestamp) -> Bool { state.withLock { state in state.locksAt.map { now >= $0 } ?? false } }

    /// Forgets everything at lock.
    func clear() { state.withLock { $0 = State() } }
}

/// Compares two texts in a time that depends on their lengths alone.
func equalInConstantTime(_ left: String, _ right: String) -> Bool {
    let (left, right) = (Array(left.utf8), Array(right.utf8))
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
}
