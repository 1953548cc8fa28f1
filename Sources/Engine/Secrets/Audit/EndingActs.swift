import Auditing
import Storage

/// No room is kept.
package struct NoReserve: SpaceReserve {
    package init() {}
    package func fill() {}
    package func giveUp() -> Bool { false }
    package func takeBack() {}
}

extension AuditEntry {
    /// Whether room is kept for it on the disk: a person ends something, or a person's password has opened the way to that.
    ///
    /// Whoever has no password can have agents frozen and the vault locked, and nothing else of these.
    var hasKeptRoom: Bool {
        guard decision.effect == .allow, phase != .intent else { return false }
        switch action {
        case .known(.agentsFreeze), .known(.vaultLock), .known(.vaultUnlock): return true
        case .known(.stepUp), .known(.tokenRevoke), .known(.agentRevoke), .known(.policyApply), .known(.sessionSleep), .known(.approvalDeny):
            return actor.kind == .known(.person)
        default: return false
        }
    }
}
