import TacitClient
import TacitWire

extension VaultDoor {
    /// The current version of a secret that a value is about to be typed for; nil where there is none yet. A person is made sure of first: whoever stores it has
    /// to be one. Refuses where the value could not be stored.
    func version(before reference: Reference, expecting expected: Int64?) throws -> Int64? {
        try askAsPerson()
        guard let secret = try detailIfThere(reference) else {
            // Also where there is no such place.
            let _: Page<SecretSummary> = try get(WirePath.secrets(reference.scope.project, reference.scope.environment) + "?limit=1")
            guard (expected ?? 0) == 0 else { throw try isAnother(0, of: reference) }
            return nil
        }
        guard secret.deletedAt == nil else {
            throw CommandFailure(
                "the secret is deleted", hint: "bring it back with `tacit undelete`, or `tacit purge` it", code: "secret.deleted")
        }
        guard expected == nil || expected == secret.version else { throw try isAnother(secret.version, of: reference) }
        return secret.version
    }

    /// A secret as it is described; nil where there is none.
    func detailIfThere(_ reference: Reference) throws -> SecretDetail? {
        do { return try get(reference.path) } catch let failure as CommandFailure where failure.problem?.code == "secret.not-found" { return nil }
    }

    /// The keeper's words for a version that was not expected.
    func isAnother(_ version: Int64, of reference: Reference) throws -> CommandFailure {
        let spoken = try reference.spoken(in: context)
        return CommandFailure(
            version == 0 ? "there is no such secret, so it has no version" : "the secret was changed meanwhile: it is at version \(version)",
            hint: version == 0 ? "leave out `--if-version`, or write `--if-version 0`" : "look at it with `tacit show \(spoken)` and try again",
            code: "revision.mismatch")
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
