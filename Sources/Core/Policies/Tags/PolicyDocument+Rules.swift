extension PolicyDocument {
    /// A rule in the list that a person reads: what it does, about what, and how much it can be relied on.
    package struct RuleSummary: Sendable, Equatable {
        package let name: String
        package let kind: String
        package let subject: String
        package let agents: String
        package let strength: String
        package let reason: String
    }

    /// The tag rules in the order in which they are asked, then the command rules and the request rules in that of the file.
    package var ruleSummaries: [RuleSummary] {
        TagRule.inOrder(tagRules).map(\.summary) + commandRules.flatMap(\.summaries) + requestRules.map(\.summary)
    }
}

extension TagRule {
    fileprivate var summary: PolicyDocument.RuleSummary {
        let word = if case .requireConfirmation(let confirmer) = demand { "\(kind.rawValue) by \(confirmer.rawValue)" } else { kind.rawValue }
        return .init(
            name: name, kind: word, subject: "tags \(tags.map(\.description).joined(separator: ", "))",
            agents: agentID?.description ?? "every agent", strength: strength.rawValue, reason: strengthReason)
    }
}

extension CommandRule {
    /// What it allows and what it denies are two things of different strength.
    fileprivate var summaries: [PolicyDocument.RuleSummary] {
        var summaries: [PolicyDocument.RuleSummary] = []
        if allowsPrograms {
            let subject = "keys \(keys.map(\.description).joined(separator: ", "))"
            let (strength, reason) = allowStrength
            summaries.append(
                .init(name: name, kind: "programs", subject: subject, agents: agentID.description, strength: strength.rawValue, reason: reason))
        }
        if !deniedPrograms.isEmpty {
            summaries.append(
                .init(
                    name: name, kind: "denied_programs",
                    subject: keys.isEmpty ? "every key" : "keys \(keys.map(\.description).joined(separator: ", "))", agents: agentID.description,
                    strength: TagRule.Strength.ceremony.rawValue, reason: Self.denialReason))
        }
        return summaries
    }

    static let denialReason = "an accident guard, by name and path: a copy elsewhere is another program"

    /// How much the list can be relied on: which program gets the value is enforced, what becomes of it is not.
    var allowStrength: (TagRule.Strength, String) {
        if anyCode == .allow {
            return (.ceremony, "a program that runs any code does what the agent tells it: treat the value as known to the agent")
        }
        if fingerprints.isEmpty, programs.contains(where: { $0.program != nil }) {
            return (.ceremony, "a pattern also lists programs that start others, and nobody counted them: name each program")
        }
        return (.enforced, "no other program is given the value; what this one does with it is not held")
    }
}
