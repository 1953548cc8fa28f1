import TestKit

@testable import Secrets

extension VaultBench {
    /// A vault with five checkpoints more: two at locks, three that were due in between and after.
    static func checkpointed(_ bench: VaultBench? = nil) async throws -> VaultBench {
        let bench = if let bench { bench } else { try await unlocked() }
        for number in 0..<2 {
            try await bench.set("app/key\(number)", bench.canary().secret)
            bench.machine.advance(.seconds(61))
            try await bench.vault.upkeep()
            try await bench.relock()
        }
        bench.machine.advance(.seconds(61))
        try await bench.vault.upkeep()
        return bench
    }
}
