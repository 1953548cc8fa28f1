package import Model
import Synchronization

/// Makes every mutable row of an organization anew, page by page, inside the transaction that stores them: a page is in memory, and no more.
package final class RecordRewrite: Sendable {
    /// How many rows a page has at most.
    package static let pageCount = 256

    package let organization: OrganizationID
    private let body: @Sendable ([Record]) throws -> [Record]
    private let rest: @Sendable () throws -> [Batch.Operation]
    private let state = Mutex<(any Error)?>(nil)

    /// `body` gives the next state of each row of a page, in their order; `rest` what is done once no row is left.
    package init(
        of organization: OrganizationID, _ body: @escaping @Sendable ([Record]) throws -> [Record],
        then rest: @escaping @Sendable () throws -> [Batch.Operation]
    ) {
        (self.organization, self.body, self.rest) = (organization, body, rest)
    }

    /// What stopped it; a store says only that it was stopped.
    package var failure: (any Error)? { state.withLock { $0 } }

    /// The kinds of rows in the order in which they are gone over: what another lies in comes before it.
    package static let kinds = RecordKind.allCases.filter { $0 != .environment && $0 != .secret } + [.environment, .secret]

    /// What replaces the rows of a page.
    package func replacements(of page: [Record]) throws(StoreError) -> [Batch.Operation] {
        try noting {
            let next = try body(page)
            guard next.map(\.id) == page.map(\.id) else { throw StoreError.malformedRow }
            return zip(page, next).map { .put($1, replacing: $0.revision) }
        }
    }

    /// What follows once every row is replaced.
    package func operationsBehind() throws(StoreError) -> [Batch.Operation] { try noting(rest) }

    private func noting(_ body: () throws -> [Batch.Operation]) throws(StoreError) -> [Batch.Operation] {
        do { return try body() } catch {
            state.withLock { $0 = error }
            throw .failed("the rows could not be made anew")
        }
    }
}

extension RecordRewrite: Equatable {
    package static func == (left: RecordRewrite, right: RecordRewrite) -> Bool { left === right }
}
