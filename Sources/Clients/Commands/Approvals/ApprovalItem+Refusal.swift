import TacitWire

extension ApprovalItem {
    /// Why this cannot be decided so, which is known before anybody is asked for a password; nil when it can.
    func refusal(of verdict: ApprovalDecision.Verdict, now: Int64) -> CommandFailure? {
        let isProposal = kind == "proposal"
        switch (verdict, standing) {
        case (.approve, .pending) where isProposal:
            return other("this is a proposal: what it asks for is yours to make", hint: steps(isDeciding: true).map(\.text).joined(separator: "; "))
        case (.done, .pending) where !isProposal:
            return other("this is a use of secrets: it is approved or denied", hint: steps(isDeciding: false).map(\.text).joined(separator: "; or "))
        case (_, .pending), (.deny, .approved): return nil
        case (_, .approved):
            return over("it is approved already", hint: "the agent repeats its call; `tacit approvals deny \(code)` takes the approval back")
        case (_, .denied): return denied(now: now)
        case (_, .expired): return over("its time is over", hint: Self.askAgain)
        case (_, .usedUp): return over("its approval is used up", hint: Self.askAgain)
        case (_, .done): return over("it is closed already", hint: nil)
        }
    }

    private func denied(now: Int64) -> CommandFailure {
        guard let end = deniedUntil.flatMap(RelativeTime.seconds), now < end, let time = denialEnd else {
            return over("you denied it", hint: Self.askAgain)
        }
        return over(
            "you denied it; until \(time) the agent's same call is denied without asking you",
            hint: "tell it to ask again after that")
    }

    private static let askAgain = "tell the agent to ask again: that makes a new request"

    private func over(_ message: String, hint: String?) -> CommandFailure { CommandFailure(message, hint: hint, code: "approval.not-pending") }

    private func other(_ message: String, hint: String) -> CommandFailure { CommandFailure(message, hint: hint, code: "approval.other-kind") }
}

extension VaultDoor {
    /// Refuses to close a proposal for what is not there: the agent would be told that it is.
    func checkGiven(_ item: ApprovalItem) throws {
        guard item.kind == "proposal" else { return }
        guard item.capability != nil, item.scope != nil else { return try checkStored(item) }
        for secret in item.secrets.isEmpty ? [nil] : item.secrets.map(Optional.some) {
            let right = try right(of: item, to: secret)
            let anyway = "close it all the same with `tacit approvals done \(item.code) --anyway`"
            if !right.isAllowed {
                throw CommandFailure(
                    "\(right.reason ?? "the policy still refuses it"): `\(item.explanation(of: secret).printable)` says more; nothing was closed",
                    hint: "give it with `tacit policy edit`, refuse with `tacit approvals deny \(item.code)`, or \(anyway)",
                    code: "approval.not-given")
            }
            if !right.isThere, let secret {
                throw CommandFailure(
                    "nothing has the name \(secret.name.printable); nothing was closed",
                    hint: "store it with `tacit set tacit://\(secret.name.printable)`, or \(anyway)",
                    code: "approval.not-given")
            }
        }
    }

    /// Refuses to close a proposal to store what was not stored since it was made.
    private func checkStored(_ item: ApprovalItem) throws {
        let missing = item.secrets.filter { $0.isNew != true }.map(\.name.printable)
        guard !missing.isEmpty else { return }
        throw CommandFailure(
            "nothing was stored since it was asked for: \(missing.joined(separator: ", ")); nothing was closed",
            hint: "store it with `tacit set tacit://\(missing[0])`, refuse with `tacit approvals deny \(item.code)`, or close it all the same with "
                + "`tacit approvals done \(item.code) --anyway`", code: "approval.not-stored")
    }
}
