import SQLiteDatabase
import Storage
import TestKit
import Testing

@Suite("The SQLite store")
struct ContractTests {
    @Test("keeps the storage contract", arguments: StorageContract.cases)
    func keepsTheContract(_ contract: StorageContract.Case) async throws {
        let directory = try TemporaryDirectory()
        try await contract.run { try SQLiteStore.open(directory: directory.path("vault"), create: true) }
    }

    @Test("keeps it with a memory of what was read", arguments: StorageContract.cases)
    func keepsTheContractRemembering(_ contract: StorageContract.Case) async throws {
        let directory = try TemporaryDirectory()
        try await contract.run { CachingStore(try SQLiteStore.open(directory: directory.path("vault"), create: true)) }
    }
}
