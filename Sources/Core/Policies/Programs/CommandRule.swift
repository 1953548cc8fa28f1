import Model

/// Which programs may have which secrets, and, as an accident guard, which may not.
package struct CommandRule: Sendable, Equatable {
    package let name: String
    /// Which agents: a pattern, or the word `unidentified` for peers without a badge.
    package let agentID: Glob
    /// Where, as patterns over PROJECT/ENVIRONMENT; nil when not written, which allows in `default/dev` alone and denies everywhere.
    package let environments: [Glob]?
    /// Which secrets; empty when not written, which allows for none and denies for all.
    package let keys: [Glob]
    /// Which files, as patterns over absolute paths; empty for any that is pinned.
    package let programs: [Glob]
    /// The contents that a file may have; empty for any, of a file that its caller cannot write.
    package let fingerprints: [ProgramFingerprint]
    /// Whether it may be a program that runs any code it is given.
    package let anyCode: AgentPolicy.Permission
    /// The home directory that the program sees; nil leaves it to the agent policy.
    package let home: AgentPolicy.Home?
    /// The directories in which the program finds others; nil for the system's.
    package let path: [String]?
    /// Programs that get no secret, whatever else allows them.
    package let deniedPrograms: [DeniedProgram]

    /// A program that is denied: by a pattern over its names, or over paths.
    package struct DeniedProgram: Sendable, Equatable {
        package let glob: Glob

        func matches(_ program: OpenedProgram) -> Bool {
            if glob.subject == .program { return (program.paths + program.interpreters).contains { glob.matches($0) } }
            return program.allNames.contains { glob.matches($0) }
        }
    }
}

extension CommandRule {
    /// Whether the rule lets any program have a secret; otherwise it only denies.
    package var allowsPrograms: Bool { !programs.isEmpty || !fingerprints.isEmpty }

    private var agents: AgentPattern { AgentPattern(agentID) }

    /// Says whether the rule is about this agent.
    func applies(to agent: AgentIdentity) -> Bool { agents.matches(agent) }

    /// Says whether it can allow something in this PROJECT/ENVIRONMENT.
    func allows(in scope: String) -> Bool { allowsPrograms && environments?.matches(scope) ?? (scope == AgentPolicy.defaultEnvironment) }

    /// Says whether its denied programs are denied in this PROJECT/ENVIRONMENT.
    func denies(in scope: String) -> Bool { !deniedPrograms.isEmpty && environments?.matches(scope) ?? true }

    /// What the rule says of a program that would have a secret.
    enum Verdict: Sendable, Equatable {
        case allows
        case refuses(Refusal)
    }

    /// Why a program does not get a secret; the later, the nearer it came.
    package enum Refusal: Int, Sendable, Equatable, CaseIterable {
        case notListed, contentDiffers, writable, anyCode
    }

    func verdict(on program: OpenedProgram) -> Verdict {
        guard programs.isEmpty || program.paths.contains(where: programs.matches) else { return .refuses(.notListed) }
        if !fingerprints.isEmpty {
            guard let fingerprint = program.fingerprint, fingerprints.contains(fingerprint) else { return .refuses(.contentDiffers) }
        }
        // A pin binds what was opened. A script is opened again, by its path.
        let isPinned = !fingerprints.isEmpty && program.isBound
        guard isPinned || !program.isWritableByCaller else { return .refuses(.writable) }
        guard anyCode == .allow || !program.runsAnyCode else { return .refuses(.anyCode) }
        return .allows
    }

    /// Says whether this rule, standing before `other`, decides whatever `other` could allow, and denies what it denies.
    func shadows(_ other: CommandRule) -> Bool {
        guard agents.covers(other.agents), shadowsAllowing(other) else { return false }
        return other.deniedPrograms.isEmpty || coversDenials(of: other)
    }

    private func shadowsAllowing(_ other: CommandRule) -> Bool {
        guard other.allowsPrograms else { return true }
        return allowsPrograms && allowedPlaces.cover(other.allowedPlaces) && keys.cover(other.keys)
            && (programs.isEmpty || !other.programs.isEmpty && programs.cover(other.programs))
            && (fingerprints.isEmpty ? other.fingerprints.isEmpty : !other.fingerprints.isEmpty && Set(other.fingerprints).isSubset(of: fingerprints))
            && (anyCode == .allow || other.anyCode == .deny)
    }

    private func coversDenials(of other: CommandRule) -> Bool {
        let coversPlaces = environments.map { places in other.environments.map(places.cover) ?? false } ?? true
        let coversKeys = keys.isEmpty || !other.keys.isEmpty && keys.cover(other.keys)
        return coversPlaces && coversKeys
            && other.deniedPrograms.allSatisfy { denied in
                deniedPrograms.contains { $0.glob.subject == denied.glob.subject && $0.glob.covers(denied.glob) }
            }
    }

    private var allowedPlaces: [Glob] { environments ?? Glob.usualPlaces }
}
