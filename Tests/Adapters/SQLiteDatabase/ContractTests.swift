import SQLiteDatabase
import TestKit
import Testing

@Suite("The SQLite store")
struct ContractTests {
    @Test("keeps the storage contract", arguments: StorageContract.cases)
    func keepsTheContract(_ contract: StorageContract.Case) async throws {
        let directory = try TemporaryDirectory()
        try await contract.run { try SQLiteStore.open(directory: directory.path("vault"), create: true) }
    }
}
