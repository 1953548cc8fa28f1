import TacitWire

/// A right that a proposal asks for, as the policy in force has it.
struct ProposedRight: Equatable {
    var isAllowed: Bool
    /// Why not, in one sentence.
    var reason: String?
    /// Whether a secret has the name.
    var isThere: Bool
    /// The program that it is for; nil where none is named.
    var program: String?

    /// For a person, in one line.
    var words: String {
        let state =
            isAllowed ? (program == nil ? "the policy allows it" : "the policy allows it, for this program, too") : reason ?? "the policy refuses it"
        return state + (isThere ? "" : "; and nothing has this name")
    }
}

extension VaultDoor {
    /// How many secrets of a proposal are looked up one by one: a runner opens the program for each.
    private static let mostRights = 4

    /// The rights that a proposal asks for, in the order of its secrets; nil where it asks for none of secrets, or of too many for a program.
    func rights(of item: ApprovalItem) throws -> [ProposedRight]? {
        guard item.kind == "proposal", item.standing == .pending, item.capability != nil, !item.secrets.isEmpty else { return nil }
        guard item.needsProgram, item.proposedProgram != nil else {
            return item.secrets.map { ProposedRight(isAllowed: $0.barrier == nil, reason: $0.barrier, isThere: $0.version != nil) }
        }
        guard item.secrets.count <= Self.mostRights else { return nil }
        return try item.secrets.map { secret in try right(of: item, to: secret) }
    }

    /// What is asked of the policy: as if the agent and the person had done what either can do about one use.
    func question(about item: ApprovalItem, _ secret: ApprovalSecret?) -> PolicyQuestion {
        let scope = item.scope ?? ""
        return PolicyQuestion(
            agent: item.agent, scope: scope, name: secret.map { String($0.name.dropFirst(scope.count + 1)) }, capability: item.capability ?? "",
            model: item.reportedModel, given: ["session", "acknowledgement", "approval"],
            argv: secret != nil && item.needsProgram ? item.proposedProgram.map { [$0] } : nil)
    }

    func right(of item: ApprovalItem, to secret: ApprovalSecret?) throws -> ProposedRight {
        let program = item.needsProgram ? item.proposedProgram : nil
        let isThere = secret.map { $0.version != nil } ?? true
        do {
            let answer: PolicyAnswer = try send("POST", WirePath.policyExplain, json: question(about: item, secret))
            // What the policy lacks is told in its own words; what the program lacks, in the rules'.
            return ProposedRight(isAllowed: answer.allowed, reason: secret?.barrier ?? answer.reason, isThere: isThere, program: program)
        } catch let failure as CommandFailure where failure.problem?.code.hasPrefix("run.") == true {
            return ProposedRight(isAllowed: false, reason: failure.message, isThere: isThere, program: program)
        }
    }
}
