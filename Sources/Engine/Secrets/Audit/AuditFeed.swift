import Auditing
import Model
import Storage

/// The newest entries of the log, and those that come, until the vault is locked or nobody reads.
///
/// What goes from the writer to it is how far the log is; entries are read from the store, so that who reads slowly misses none. It holds no key: between
/// two readings a lock finds nothing here that it has to wait for.
package struct AuditFeed: AsyncSequence, Sendable {
    package typealias Element = EntryView

    fileprivate let vault: Vault
    fileprivate let opening: VaultID
    fileprivate let filter: AuditFilter
    fileprivate let arrivals: AsyncStream<Int64>
    fileprivate let newest: [EntryView]
    fileprivate let start: Int64

    package func makeAsyncIterator() -> Iterator { Iterator(feed: self, arrivals: arrivals.makeAsyncIterator(), found: newest[...], next: start) }

    package struct Iterator: AsyncIteratorProtocol {
        private static let portion: Int64 = 500

        fileprivate let feed: AuditFeed
        fileprivate var arrivals: AsyncStream<Int64>.Iterator
        fileprivate var found: ArraySlice<EntryView>
        /// Where is read on.
        fileprivate var next: Int64
        private var size: Int64 = 0

        fileprivate init(feed: AuditFeed, arrivals: AsyncStream<Int64>.Iterator, found: ArraySlice<EntryView>, next: Int64) {
            (self.feed, self.arrivals, self.found, self.next) = (feed, arrivals, found, next)
        }

        package mutating func next(isolation actor: isolated (any Actor)? = #isolation) async throws -> EntryView? {
            while true {
                if let view = found.popFirst() { return view }
                while next >= size {
                    guard let arrived = await arrivals.next(isolation: actor) else { return nil }
                    size = arrived
                }
                guard let open = feed.vault.current, open.opening == feed.opening else { return nil }
                let views = try await open.openedEntries(from: next, limit: Int(Swift.min(Self.portion, size - next)))
                guard let last = views.last else { return nil }
                found = views.filter { feed.filter.matches($0.entry) }[...]
                next = last.index + 1
            }
        }
    }
}

extension Vault {
    /// The newest entries that are meant, at most `limit`, and from there on each that is written. Watching is one entry, and keeps no vault open.
    package func followAudit(matching filter: AuditFilter, limit: Int, by asker: Asker) async throws -> AuditFeed {
        let open = try opened(for: asker)
        try await open.authorizer.authorizeReading(.auditRead, by: asker)
        guard let arrivals = open.writer.arrivals.listen(behind: []) else { throw EngineError.tooManyRequests }
        // What is written from here on is announced: between the two nothing is missed, and nothing is shown twice.
        let size = try await open.store.entryCount(in: open.organization)
        let (newest, _) = try await open.found(filter, before: size, limit: limit)
        return AuditFeed(vault: self, opening: open.opening, filter: filter, arrivals: arrivals, newest: newest, start: size)
    }
}
