package import Auditing
package import Model

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
}

extension Vault {
    /// Who asks. A badge always makes an agent; a password that was checked on this connection makes a person; being next to the leader of an
    /// unlocked session makes a person who has not been asked again; everything else is unidentified.
    package func asker(at door: DoorFacts, source: AuditSource, _ credentials: Credentials) async throws -> Asker {
        let now = foundation.clock.steady()
        // Only the keeper speaks as the keeper; the broker has a door of its own.
        let source = source == .keeper || source == .broker ? .api : source
        var asker = Asker(standing: .unidentified, source: source, origin: foundation.keeper.of(door.peer), reportedModel: credentials.reportedModel)
        if let badge = credentials.badge {
            guard let open = current else { return asker }
            guard let agent = try await open.agent(badge: badge) else { throw try await open.refusedBadge(of: asker) }
            asker.standing = .agent(agent.id, agent.name)
        } else if source == .mcp {
            // The agent's door never opens as a person's, whatever stands around it.
            return asker
        } else if sessions.isSteppedUp(door.connection, token: credentials.stepUpToken, now: now) {
            asker.standing = .person(steppedUp: true)
        } else if door.peer.userID == foundation.keeper.userID, sessions.isUnlocked(door.peer, now: now) {
            asker.standing = .person(steppedUp: false)
        }
        return asker
    }

    /// Whether the connection's peer is a person by now: in an unlocked session, or asked on this connection.
    package func isHeldByPerson(_ door: DoorFacts) -> Bool {
        let now = foundation.clock.steady()
        return sessions.isUnlocked(door.peer, now: now) || sessions.isSteppedUp(door.connection, now: now)
    }

    /// Whether reveals in the peer's terminal pass without being asked again.
    package func hasRevealGrace(_ door: DoorFacts) -> Bool { sessions.hasRevealGrace(door.peer, now: foundation.clock.steady()) }

    /// A person typed into a running program: the idle lock starts anew.
    package func personTyped() { sessions.personActed(now: foundation.clock.steady()) }

    package var stateNow: VaultState {
        guard let open = current else { return VaultState(phase: foundation.storeExists() ? .locked : .absent) }
        return VaultState(
            phase: .unlocked, locksAt: wallTime(of: sessions.locksAt), leaseUntil: wallTime(of: sessions.leaseUntil),
            warnings: open.warnings)
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
