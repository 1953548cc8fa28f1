import TacitClient
import TacitWire

extension VaultDoor {
    /// What no value is typed for: it could be stored nowhere.
    private static let absentPlaces: Set<String> = ["vault.absent", "project.not-found", "environment.not-found"]

    /// The current version of a secret, where this terminal may know of it as it is; nil otherwise. Nobody is asked for anything. Refuses only where there is no
    /// place for it.
    func versionInSight(_ reference: Reference) throws -> Int64? {
        guard let status = try? status(), status.state != .locked, isSteppedUp || status.actor.kind == .person || status.state == .absent else {
            return nil
        }
        do {
            let secret: SecretDetail = try Self.decode(try plain("GET", reference.path).body)
            return secret.deletedAt == nil ? secret.version : nil
        } catch let failure as CommandFailure {
            if let code = failure.problem?.code, Self.absentPlaces.contains(code) { throw failure }
            return nil
        }
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
