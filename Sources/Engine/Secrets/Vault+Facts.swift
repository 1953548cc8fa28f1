package import Model
package import Policies

/// How the keeper's process is protected, as the program found it.
package struct Hardening: Sendable, Equatable {
    /// The largest core file, in bytes; 0 for none.
    package var coreLimit: UInt64
    /// Whether other processes of the user may trace it and read its memory.
    package var isDumpable: Bool
    /// Why the processes of a run in a sandbox are not limited together; nil where they are.
    package var unlimited: String?

    package init(coreLimit: UInt64, isDumpable: Bool, unlimited: String? = nil) {
        self.coreLimit = coreLimit
        self.isDumpable = isDumpable
        self.unlimited = unlimited
    }
}

/// What the keeper knows of its own state, for `doctor`.
package struct KeeperFacts: Sendable {
    package var phase: VaultState.Phase
    package var memoryProtection: SecretArena.Protection
    /// Values and keys in locked memory, and those that had to lie outside.
    package var memoryUsage: SecretArena.Usage
    /// Nil when nobody looked.
    package var hardening: Hardening?
    /// Whether programs can be run; nil when that is not known.
    package var hasSpawner: Bool?
    /// The time it must be at least, while the clock shows an earlier one.
    package var clockFloor: Timestamp?
    package var runs: Int
    /// How many agents' output is withheld for some secret; nil while the vault is locked, or when that cannot be read.
    package var agentsWithheld: Int?
}

extension Vault {
    package var facts: KeeperFacts {
        get async {
            KeeperFacts(
                phase: stateNow.phase, memoryProtection: SecretArena.protectionInAll, memoryUsage: SecretArena.usageInAll,
                hardening: foundation.hardening(), hasSpawner: foundation.runners.isAlive, clockFloor: current?.sentry.floor(), runs: runs.all.count,
                agentsWithheld: try? await current?.agentsWithheld())
        }
    }
}

extension Vault {
    /// What the policy lets an agent do in a place, whatever rules say of one secret; nil for a person, and while the vault is locked.
    package func capabilities(of asker: Asker, in scope: Scope) -> [Capability]? { current?.policy.view(for: asker, in: scope)?.capabilities }

    /// Whether everything is refused to an asker until a person lets agents act again. A person is never frozen.
    package func isFrozen(_ asker: Asker) -> Bool { current?.freeze.denial(of: asker) != nil }

    /// How far a new organization key is that is being made; nil where none is, and for whoever is no person.
    package func organizationRotation(for asker: Asker) -> (rows: Int, total: Int)? {
        guard case .person = asker.standing else { return nil }
        return current?.rotations.progress
    }

    /// The sessions that the status of the vault shows to an asker.
    package func awakeSessions(for asker: Asker) -> [SessionView] { current?.awakeSessions(for: asker) ?? [] }
}
