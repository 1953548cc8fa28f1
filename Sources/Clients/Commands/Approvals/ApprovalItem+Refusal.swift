import TacitWire

extension ApprovalItem {
    /// Why this cannot be decided so, which is known before anybody is asked for a password; nil when it can.
    func refusal(of verdict: ApprovalDecision.Verdict, now: Int64) -> CommandFailure? {
        let isProposal = kind == "proposal"
        switch (verdict, standing) {
        case (.approve, .pending) where isProposal:
            return other("this is a proposal: what it asks for is yours to make", hint: steps(isDeciding: true).joined(separator: "; "))
        case (.done, .pending) where !isProposal:
            return other("this is a use of secrets: it is approved or denied", hint: steps(isDeciding: false).joined(separator: "; "))
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
        guard let end = deniedUntil.flatMap(RelativeTime.seconds), now < end else { return over("you denied it", hint: Self.askAgain) }
        return over(
            "you denied it; until \(RelativeTime.clock(end)) the agent's same call is denied without asking you",
            hint: "tell it to ask again after that")
    }

    private static let askAgain = "tell the agent to ask again: that makes a new request"

    private func over(_ message: String, hint: String?) -> CommandFailure { CommandFailure(message, hint: hint, code: "approval.not-pending") }

    private func other(_ message: String, hint: String) -> CommandFailure { CommandFailure(message, hint: hint, code: "approval.other-kind") }
}

extension VaultDoor {
    /// Refuses to close a proposal for a right which the policy in force still refuses: the agent would be told of what is not there.
    func checkGiven(_ item: ApprovalItem) throws {
        try checkStored(item)
        guard item.kind == "proposal", let capability = item.capability, let scope = item.scope else { return }
        for secret in item.secrets.isEmpty ? [nil] : item.secrets.map(Optional.some) {
            var question = PolicyQuestion(
                agent: item.agent, scope: scope, name: secret.map { String($0.name.dropFirst(scope.count + 1)) }, capability: capability,
                model: item.reportedModel, given: ["session", "acknowledgement", "approval"])
            if secret != nil, item.needsProgram { question.argv = item.proposedProgram.map { [$0] } }
            guard try !isAllowed(question) else { continue }
            throw CommandFailure(
                "the policy still refuses it: `\(item.explanation(of: secret).printable)` says why; nothing was closed",
                hint: "give it with `tacit policy edit`, or close it all the same with `tacit approvals done \(item.code) --anyway`",
                code: "approval.not-given")
        }
    }

    /// Refuses to close a proposal to store what was not stored since it was made.
    private func checkStored(_ item: ApprovalItem) throws {
        guard item.kind == "proposal", item.capability == nil else { return }
        let missing = item.secrets.filter { $0.isNew != true }.map(\.name.printable)
        guard !missing.isEmpty else { return }
        throw CommandFailure(
            "nothing was stored since it was asked for: \(missing.joined(separator: ", ")); nothing was closed",
            hint: "store it with `tacit set`, refuse with `tacit approvals deny \(item.code)`, or close it all the same with `tacit approvals done "
                + "\(item.code) --anyway`", code: "approval.not-stored")
    }

    /// A program that cannot be opened here is left out of the question: what it lacks is not the policy's to give.
    private func isAllowed(_ question: PolicyQuestion) throws -> Bool {
        do { return try send("POST", WirePath.policyExplain, json: question, as: PolicyAnswer.self).allowed } catch let failure as CommandFailure
            where question.argv != nil && failure.problem?.code.hasPrefix("run.") == true
        {
            var question = question
            question.argv = nil
            return try isAllowed(question)
        }
    }
}
