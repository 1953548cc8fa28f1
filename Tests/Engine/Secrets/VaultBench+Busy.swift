import Model
import Testing

@testable import Secrets

extension VaultBench {
    /// Has three write, read, delete and purge secrets below `busy/`, and one verify the log, until `act` is over. `also` is what the three do besides, with the
    /// name that they wrote last and the number of their round.
    func busily(
        also: @escaping @Sendable (SecretName, Int) async throws -> Void, during act: @escaping @Sendable () async throws -> Void
    ) async throws {
        let (open, person, isOver) = (try open, person(), Flag(false))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<3 {
                group.addTask {
                    var number = 0
                    while !isOver.isSet {
                        number += 1
                        let name = Self.name("busy/w\(worker)-\(number % 7)")
                        let value = "CANARY-busy-\(number)"
                        _ = try await open.set(Self.write(name.description, value.secret), in: Self.dev, by: person)
                        #expect(try await self.reveal(name.description) == value)
                        try await also(name, number)
                        if number % 7 == 0 {
                            _ = try await open.delete(name, in: Self.dev, by: person)
                            try await open.purge(name, in: Self.dev, by: person)
                        }
                    }
                }
            }
            group.addTask {
                while !isOver.isSet {
                    let verdict = try await self.verify().verdict
                    #expect(verdict.isIntact)
                }
            }
            group.addTask {
                defer { isOver.set() }
                try await act()
            }
            try await group.waitForAll()
        }
    }
}
