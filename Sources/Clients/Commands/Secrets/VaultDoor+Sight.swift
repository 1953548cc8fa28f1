import TacitClient
import TacitWire

extension VaultDoor {
    /// The current version of a secret, where this terminal may know of it as it is; nil otherwise. Nobody is asked for anything, and nothing is refused.
    func versionInSight(_ reference: Reference) -> Int64? {
        guard let status = try? status(), status.state == .unlocked, isSteppedUp || status.actor.kind == .person,
            let answer = try? plain("GET", reference.path), let secret: SecretDetail = try? Self.decode(answer.body), secret.deletedAt == nil
        else { return nil }
        return secret.version
    }

    /// The requests to store a secret of agents that may not know that it is there. Nobody is asked for anything, and nothing is refused.
    func vainRequests(for reference: Reference) -> [ApprovalItem] {
        let name = "\(reference.scope.text)/\(reference.name)"
        return ((try? approvals()) ?? []).filter { item in
            item.standing == .pending && item.kind == "proposal" && item.capability == nil
                && item.secrets.contains { $0.name == name && $0.version != nil && $0.isListed == false }
        }
    }
}
