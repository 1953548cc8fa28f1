package import Auditing
package import Model
import Storage

/// What a request carries besides its act.
package struct Credentials: Sendable {
    package var badge: String?
    package var stepUpToken: String?
    package var reportedModel: String?

    package init(badge: String? = nil, stepUpToken: String? = nil, reportedModel: String? = nil) {
        self.badge = badge
        self.stepUpToken = stepUpToken
        self.reportedModel = reportedModel
    }
}

/// The vault as a prompt or another program sees it.
package struct VaultState: Sendable {
    package enum Phase: String, Sendable { case absent, locked, unlocked }
    package var phase: Phase
    package var locksAt: Timestamp?
    package var leaseUntil: Timestamp?
    package var warnings: [String] = []
    /// Why no password is tried now, after too many wrong ones; nil when one is.
    package var passwordRefusal: EngineError?
}

extension Vault {
    /// Who asks. A badge always makes an agent; a password that was checked on this connection makes a person; being the keeper's own program next to the
    /// leader of an unlocked session makes a person who has not been asked again; everything else is unidentified.
    package func asker(at door: DoorFacts, source: AuditSource, _ credentials: Credentials) async throws -> Asker {
        await leaveIfMoved()
        let now = foundation.clock.steady()
        // Only the keeper speaks as the keeper; the broker has a door of its own.
        let source = source == .keeper || source == .broker ? .api : source
        var asker = Asker(standing: .unidentified, source: source, origin: foundation.keeper.of(door.peer), reportedModel: credentials.reportedModel)
        asker.processStart = door.peer.start
        if let agent = door.agent { return try await confined(asker, as: agent, credentials) }
        if let badge = credentials.badge {
            guard let open = current else { return asker }
            guard let agent = try await open.agent(badge: badge) else { throw try await open.refusedBadge(of: asker) }
            asker.standing = .agent(agent.id, agent.name)
        } else if source == .mcp {
            // The agent's door never opens as a person's, whatever stands around it.
            asker.doubt = .agentsDoor
        } else if sessions.isSteppedUp(door.connection, token: credentials.stepUpToken, now: now) {
            asker.standing = .person(steppedUp: true)
        } else {
            asker.doubt = doubt(about: door.peer, now: now)
            if asker.doubt == nil { (asker.standing, asker.isReadOnly) = (.person(steppedUp: false), sessions.isReadOnly(door.peer)) }
        }
        return asker
    }

    /// A whole agent in its sandbox: the socket there is its badge. What is shown besides would make it somebody else, and is refused.
    private func confined(_ asker: Asker, as agent: ConfinedAgent, _ credentials: Credentials) async throws -> Asker {
        var asker = asker
        (asker.isConfined, asker.doubt, asker.origin.userName) = (true, .agentsDoor, agent.userName)
        guard let open = current else { return asker }
        guard credentials.badge == nil, credentials.stepUpToken == nil, try await open.isRegistered(agent.id) else {
            throw try await open.refusedBadge(of: asker)
        }
        (asker.standing, asker.doubt) = (.agent(agent.id, agent.name), nil)
        return asker
    }

    /// Writes down that a whole agent asked from its sandbox for what is not to be had there, and says so.
    package func refusal(of action: AuditAction, to asker: Asker) async throws -> EngineError {
        let error = EngineError.denied(.confined)
        if let open = current {
            try await open.authorizer.refuse(Act(action, .none, .person), by: asker, on: [], error: error)
        } else {
            try noteLocked(action, by: asker, code: error.code)
        }
        return error
    }

    /// Whether the connection's peer is a person by now: in an unlocked session, or asked on this connection.
    package func isHeldByPerson(_ door: DoorFacts) -> Bool {
        let now = foundation.clock.steady()
        guard door.agent == nil else { return false }
        return doubt(about: door.peer, now: now) == nil || sessions.isSteppedUp(door.connection, now: now)
    }

    /// Why a peer that shows nothing is no person; nil when it is one who has not been asked again.
    private func doubt(about peer: Peer, now: Timestamp) -> StandingDoubt? {
        if peer.userID != foundation.person { return .otherUser }
        return StandingDoubt(placeOf: peer) ?? sessions.doubt(about: peer, now: now) ?? (peer.isOwnProgram ? nil : .otherProgram)
    }

    /// Until when reveals in the peer's terminal pass without being asked again; nil when they do not.
    package func revealGrace(_ door: DoorFacts) -> Timestamp? {
        let now = foundation.clock.steady()
        guard door.agent == nil else { return nil }
        return doubt(about: door.peer, now: now) == nil ? wallTime(of: sessions.revealGrace(door.peer, now: now)) : nil
    }

    /// A person typed into a running program: the idle lock starts anew.
    package func personTyped() { sessions.personActed(now: foundation.clock.steady()) }

    package var stateNow: VaultState {
        var state = VaultState(phase: .unlocked)
        do { try backoff.check() } catch { state.passwordRefusal = error }
        guard let open = current else {
            (state.phase, state.warnings) = (foundation.storeExists() ? .locked : .absent, [loss?.message].compactMap(\.self))
            return state
        }
        (state.locksAt, state.leaseUntil, state.warnings) = (wallTime(of: sessions.locksAt), wallTime(of: sessions.leaseUntil), open.warnings)
        return state
    }
}

extension Origin {
    /// The origin of a peer on the same machine as the keeper.
    func of(_ peer: Peer) -> Origin {
        Origin(
            userID: peer.userID, userName: peer.userName, host: host, process: peer.process, executable: peer.executable,
            platform: platform)
    }
}
