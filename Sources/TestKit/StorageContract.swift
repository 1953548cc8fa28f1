package import Storage

/// What every `VaultStore` must do, as named cases that any store's tests run.
///
///     @Test("keeps the contract", arguments: StorageContract.cases)
///     func keepsTheContract(_ contract: StorageContract.Case) async throws {
///         try await contract.run { try await makeMyStore() }
///     }
package enum StorageContract {
    /// One promise and the function that tries it on fresh stores.
    package struct Case: Sendable, CustomStringConvertible {
        package let description: String
        let body: @Sendable (Trial) async throws -> Void

        /// Tries the promise on a store that `makeStore` makes; throws when it is broken.
        package func run(_ makeStore: () async throws -> any VaultStore) async throws {
            let store = try await makeStore()
            do {
                try await body(Trial(store: store))
            } catch {
                await store.close()
                throw error
            }
            await store.close()
        }
    }

    package static let cases: [Case] = recordCases + listingCases + keyCases + expectationCases + versionCases + logCases + batchCases + rewriteCases

    static func promise(_ description: String, _ body: @escaping @Sendable (Trial) async throws -> Void) -> Case {
        Case(description: description, body: body)
    }
}

/// A store on trial, with rows to try it with.
struct Trial: Sendable {
    let store: any VaultStore
    let rows = SampleRows(SeededRandom())

    /// Commits one batch that must hold.
    func stores(_ operations: Batch.Operation..., line: UInt = #line) async throws {
        try await stores(Batch(operations), line: line)
    }

    func stores(_ batch: Batch, line: UInt = #line) async throws {
        let results = try await store.commit([batch])
        try expect(results.count == 1 && results[0].error == nil, "the batch failed: \(String(describing: results.first?.error))", line: line)
    }

    /// Commits one batch that must fail in just this way.
    func refuses(_ operations: Batch.Operation..., as failure: StoreError, line: UInt = #line) async throws {
        let results = try await store.commit([Batch(operations)])
        try expect(
            results.count == 1 && results[0].error == failure, "expected \(failure), got \(String(describing: results.first?.error))", line: line)
    }

    func expect(_ condition: Bool, _ what: @autoclosure () -> String, line: UInt = #line) throws {
        guard condition else { throw TestFailure("\(what()) (case line \(line))") }
    }

    func expectEqual<Value: Equatable>(_ found: Value, _ wanted: Value, line: UInt = #line) throws {
        try expect(found == wanted, "found \(found), wanted \(wanted)", line: line)
    }

    /// The record as it is stored now.
    func stored(_ record: Record) async throws -> Record? {
        try await store.record(record.kind, id: record.id, in: record.organization)
    }
}

extension Result where Success == Void, Failure == StoreError {
    /// The failure; nil when it held.
    package var error: StoreError? {
        if case .failure(let error) = self { error } else { nil }
    }
}
