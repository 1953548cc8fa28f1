import Model
import Synchronization

/// The sessions that are awake and the acknowledgements that are good. It belongs to one unlock and ends with it.
final class AgentSessionBook: Sendable {
    /// The most sessions of one holder, and of all.
    static let limitPerHolder = 16
    static let limit = 512
    /// The most acknowledgements of one holder, and of all.
    static let acknowledgementsPerHolder = 256
    static let acknowledgementLimit = 4096

    private let state = Mutex(State())

    private struct State {
        var sessions: [AgentSession] = []
        /// Moments since boot.
        var acknowledgements: [Acknowledged: Timestamp] = [:]
        var reveals = AskRate(10, in: .seconds(60))
        var tokens = AskRate(32, in: .seconds(60))
    }

    /// What was acknowledged: one rule, for one secret, by one holder.
    struct Acknowledged: Hashable, Sendable {
        var holder: SessionHolder
        var secret: SecretID
        var rule: String
    }

    /// Whether another session of the holder may be woken.
    func hasRoom(for holder: SessionHolder, now: Timestamp) -> Bool { state.withLock { Self.hasRoom(in: $0, for: holder, now) } }

    private static func hasRoom(in state: State, for holder: SessionHolder, _ now: Timestamp) -> Bool {
        let awake = state.sessions.filter { $0.isAwake(now) }
        return awake.count < limit && awake.count(where: { $0.holder == holder }) < limitPerHolder
    }

    /// Enters a session; false when others came meanwhile and there is no room for it any more.
    func add(_ session: AgentSession) -> Bool {
        state.withLock { state in
            guard Self.hasRoom(in: state, for: session.holder, session.wokenAt) else { return false }
            state.sessions.append(session)
            return true
        }
    }

    /// The sessions that are awake, of one holder or of all, the first woken first.
    func awake(of holder: SessionHolder? = nil, now: Timestamp) -> [AgentSession] {
        state.withLock { $0.sessions.filter { $0.isAwake(now) && (holder == nil || $0.holder == holder) } }
    }

    /// The holder's session that covers a secret longest; nil when none does.
    func covering(_ name: SecretName, in scope: Scope, tags: [String], for holder: SessionHolder, now: Timestamp) -> AgentSession? {
        awake(of: holder, now: now).filter { $0.covers(name, in: scope, tags: tags) }.max { $0.until < $1.until }
    }

    /// A secret was used in a session: it stays awake.
    func used(_ id: String, now: Timestamp) {
        state.withLock { state in
            guard let index = state.sessions.firstIndex(where: { $0.id == id }), state.sessions[index].isAwake(now) else { return }
            state.sessions[index].usedAt = now
        }
    }

    /// Ends sessions and gives them back.
    func end(where isMeant: (AgentSession) -> Bool) -> [AgentSession] {
        state.withLock { state in
            let ended = state.sessions.filter(isMeant)
            state.sessions.removeAll(where: isMeant)
            return ended
        }
    }
}

extension AgentSessionBook {
    /// Keeps an acknowledgement; false when there are too many.
    func acknowledge(_ what: Acknowledged, life: Duration, now: Timestamp) -> Bool {
        state.withLock { state in
            state.acknowledgements = state.acknowledgements.filter { now < $0.value.advanced(by: life) }
            let known = state.acknowledgements
            guard known.count < Self.acknowledgementLimit, known.keys.count(where: { $0.holder == what.holder }) < Self.acknowledgementsPerHolder
            else { return false }
            state.acknowledgements[what] = now
            return true
        }
    }

    /// When the holder acknowledged which rule for a secret, as moments of the other clock.
    func acknowledgements(of secret: SecretID?, by holder: SessionHolder, now: Timestamp, wall: Timestamp) -> [String: Timestamp] {
        guard let secret else { return [:] }
        return state.withLock { state in
            var moments: [String: Timestamp] = [:]
            for (what, moment) in state.acknowledgements where what.holder == holder && what.secret == secret {
                moments[what.rule] = wall.advanced(by: .zero - now.duration(since: moment))
            }
            return moments
        }
    }

    /// Forgets every acknowledgement: the rules are others now.
    func forgetAcknowledgements() { state.withLock { $0.acknowledgements = [:] } }

    func forgetAcknowledgements(where isMeant: (SessionHolder) -> Bool) {
        state.withLock { state in state.acknowledgements = state.acknowledgements.filter { !isMeant($0.key.holder) } }
    }
}

extension AgentSessionBook {
    /// Counts an agent's wish to see a value; false when there were too many. Names are not looked at: the answer tells nothing of them.
    func mayAskToReveal(_ holder: SessionHolder, now: Timestamp) -> Bool { state.withLock { $0.reveals.take(by: holder, now: now) } }

    /// Counts an agent's wish to have a token; false when there were too many.
    func mayAskForToken(_ holder: SessionHolder, now: Timestamp) -> Bool { state.withLock { $0.tokens.take(by: holder, now: now) } }
}

/// How often agents asked for something lately, whatever they were answered.
private struct AskRate {
    /// How often one may ask in how long.
    let limit: (count: Int, span: Duration)
    /// Since boot.
    private var moments: [SessionHolder: [Timestamp]] = [:]

    init(_ count: Int, in span: Duration) { limit = (count, span) }

    mutating func take(by holder: SessionHolder, now: Timestamp) -> Bool {
        moments = moments.mapValues { $0.filter { now.duration(since: $0) < limit.span } }.filter { !$0.value.isEmpty }
        guard moments[holder, default: []].count < limit.count, moments.count < AgentSessionBook.limit else { return false }
        moments[holder, default: []].append(now)
        return true
    }
}
