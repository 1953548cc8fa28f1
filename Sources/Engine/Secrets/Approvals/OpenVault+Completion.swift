import Approvals
import Auditing
import Model
import Policies
import Storage

/// What a store means for the proposals that asked for it.
struct ProposalsMet: Sendable {
    /// One for each that is done with it, for the same transaction.
    var entries: [AuditEntry] = []
    /// What the person who stores is told.
    var notices: [String] = []
}

extension OpenVault {
    /// Marks as done, in the change that stores these names, the proposals that asked for them.
    ///
    /// Done grants nothing, so no person is asked again for it; but it tells the agent that something was stored. So a proposal is done by itself only when the
    /// agent may list each of its names, and would find there what it is told. Of any other name a store says nothing: whoever guesses the names of what is
    /// hidden, and proposes them, would otherwise learn when a person stores one for reasons of their own. Those the person closes, with the code that the
    /// notice names. Names that were stored before the proposal do not count: that they are there is no answer to it.
    func meetProposals(storing stored: [SecretName], in place: Place, by asker: Asker, _ change: inout Change) async throws -> ProposalsMet {
        let stored = Set(stored.map(\.description))
        let now = expiryClock()
        var met = ProposalsMet()
        for row in try await requestRows() where row.request.standing(at: now) == .pending {
            guard case .proposal(let proposal) = row.request.matter, proposal.capability == nil, proposal.scope == "\(place.scope)",
                !stored.isDisjoint(with: proposal.names)
            else { continue }
            var missing = 0
            for name in Set(proposal.names) where !stored.contains(name) {
                if try await !isStored(name, since: row.request.createdAt, in: place) { missing += 1 }
            }
            let agent = row.request.asker.name ?? "a program without a badge"
            guard missing == 0 else {
                met.notices.append("\(agent) asked for this, and for \(missing) more: `tacit approvals` shows the request \(row.code)")
                continue
            }
            guard mayListAll(of: proposal, row.request.asker, in: place.scope) else {
                met.notices.append("\(agent) asked for this and may not list it: `tacit approvals done \(row.code)` says that it is there")
                continue
            }
            var request = row.request
            try request.complete(at: now)
            change.put(try record(of: request, id: row.id, replacing: row.record), replacing: row.record)
            let proof = [AuditFact("by", "store")]
            met.entries.append(authorizer.entry(.approvalDone, by: asker, on: [AuditSubject(record: row.id)], detail: proof))
            met.notices.append("\(agent) asked for this, and is told that it is there: the request \(row.code) is closed")
        }
        return met
    }

    /// Whether a secret's current version was made after a moment.
    private func isStored(_ name: String, since moment: Timestamp, in place: Place) async throws -> Bool {
        guard let name = try? SecretName(name), let secret = try await shelf.find(name, in: place), secret.deletedAt == nil else { return false }
        return try await shelf.manifest(secret, version: secret.current).createdAt > moment
    }

    /// Whether whoever asked may know of each name, by the policy of now.
    private func mayListAll(of proposal: ApprovalRequest.Proposal, _ asker: ApprovalRequest.Asker, in scope: Scope) -> Bool {
        guard let identity = asker.identity else { return false }
        let view = policy.document.compiled(for: identity).scoped(to: scope)
        return proposal.names.allSatisfy { name in (try? SecretName(name)).map(view.mayList) ?? false }
    }
}
