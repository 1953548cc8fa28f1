package import Model

/// What an agent could do with a secret, and what stands before it. It is found by asking for decisions, so that it says what a use will be told.
package struct PolicyProspect: Sendable, Equatable {
    /// What the agent can do once everything in `requires` is met.
    package var capabilities: [Capability] = []
    /// What is still missing, in the order in which it is asked for.
    package var requires: [Requirement] = []

    /// Something that has to be so before a secret is used.
    package enum Requirement: String, Sendable, CaseIterable {
        case session, acknowledgement, approval
        /// Only programs that the policy lists may have it.
        case program = "listed_program"
    }
}

extension ScopeView {
    /// What an agent may expect of a secret. Of one that it may not list it is always the same: nothing.
    ///
    /// `met` are the obligations that whoever enforces the policy can meet: what obliges to more is of no use.
    package func prospect(of secret: SecretName, _ circumstances: PolicyCircumstances, meeting met: Set<PolicyObligation>) -> PolicyProspect {
        var prospect = PolicyProspect()
        guard mayList(secret) else { return prospect }
        var requires: Set<PolicyProspect.Requirement> = []
        for capability in capabilities {
            guard let needs = requirements(of: capability, on: secret, circumstances, met) else { continue }
            prospect.capabilities.append(capability)
            // A value that is revealed is no tool's: what it asks for is not what the others do.
            if capability != .reveal { requires.formUnion(needs) }
        }
        prospect.requires = PolicyProspect.Requirement.allCases.filter(requires.contains)
        return prospect
    }

    /// What stands before one use; nil when nothing that the agent or a person does now leads to it.
    private func requirements(of capability: Capability, on secret: SecretName, _ given: PolicyCircumstances, _ met: Set<PolicyObligation>)
        -> Set<PolicyProspect.Requirement>?
    {
        // A capability by which no request goes anywhere is of no use.
        guard capability != .broker || listsRequests(with: secret) else { return nil }
        var circumstances = given
        var needs: Set<PolicyProspect.Requirement> = []
        while true {
            switch decision(for: secret, capability: capability, circumstances) {
            case .allow(let grant):
                // A run has a sandbox, or is not begun; a file is read outside of one.
                guard grant.obligations.isSubset(of: capability == .envInject ? met.union([.sandbox]) : met) else { return nil }
                if grant.obligations.contains(.program) {
                    // Nobody opens a program for a file.
                    guard capability == .envInject else { return nil }
                    needs.insert(.program)
                }
                return needs
            case .deny(let denial):
                guard let need = circumstances.meet(denial) else { return nil }
                needs.insert(need)
            }
        }
    }
}

extension PolicyCircumstances {
    /// Supposes that what a denial asks for is there; nil when it asks for nothing that could be, or for it again.
    fileprivate mutating func meet(_ denial: PolicyDenial) -> PolicyProspect.Requirement? {
        switch denial.code {
        case .sessionRequired where !hasSession:
            hasSession = true
            return .session
        case .acknowledgementRequired:
            guard let rule = denial.rule, acknowledgements.updateValue(now, forKey: rule) != now else { return nil }
            return .acknowledgement
        case .approvalRequired where !hasApproval:
            hasApproval = true
            return .approval
        default: return nil
        }
    }
}
