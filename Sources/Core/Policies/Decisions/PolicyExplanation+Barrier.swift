extension PolicyExplanation {
    /// What keeps the agent from what it asks for, in a few words for a person; nil where nothing does. It names the key of the policy that a person would change.
    package var barrier: String? {
        guard case .deny(let denial) = decision else { return nil }
        // A denied key stays denied whatever else allows it, so it is the first to be named.
        for case (let policy, .deniesKey(let pattern)) in steps.map({ ($0.policy, $0.verdict) }) {
            return "denied by `denied_keys: \(pattern)` of \u{201C}\(policy)\u{201D}"
        }
        guard let deciding = steps.first(where: { $0.verdict != .otherAgent }) else { return "no policy is about \(query.agent)" }
        let policy = "\u{201C}\(deciding.policy)\u{201D}"
        return switch deciding.verdict {
        case .otherEnvironment: "\(policy) allows nothing in \(query.scope), by its `environments`"
        case .noAllowedKey: "no pattern under `allowed_keys` of \(policy) matches it"
        case .noCapability: "\(policy) does not have `\(query.capability.rawValue)` among its `capabilities`"
        case .allows where denial.code == .unavailable && query.capability == .fileInject:
            listsPrograms
                ? "\(policy) lets listed programs alone have it, and any program reads a file: only `unlisted_programs: allow` would change that"
                : "\(policy) keeps values in the sandbox, and a file is read outside of it: only `unsandboxed: allow` would change that"
        case .otherAgent, .deniesKey, .allows, .decidedBefore: denial.rule.map { "\(denial.reason) (\u{201C}\($0)\u{201D})" } ?? denial.reason
        }
    }
}
