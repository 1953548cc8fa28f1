import TestKit
import Testing

@Suite("The store in memory")
struct InMemoryStoreTests {
    @Test("keeps the storage contract", arguments: StorageContract.cases)
    func keepsTheContract(_ contract: StorageContract.Case) async throws {
        try await contract.run { InMemoryStore() }
    }
}
