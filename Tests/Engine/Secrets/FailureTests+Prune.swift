import Model
import Storage
import TestKit
import Testing

@testable import Secrets

extension FailureTests {
    /// The beginning of the log is there, or an anchor stands for it.
    static let prune = Write("audit prune") { bench in
        let cut = try await bench.store.checkpoints(from: 0, in: bench.open.organization)[0].size
        _ = try await bench.open.prune(before: bench.machine.clock.now().advanced(by: .seconds(1)), to: cut, by: bench.person())
    } isThere: { bench in
        let dump = try await StoreDump(of: bench.store)
        let (start, anchors) = (try await bench.open.book.logStart(), dump.records.filter { $0.kind == .anchor })
        #expect(dump.entries.first?.index == start && anchors.count == (start > 0 ? 1 : 0))
        return start > 0
    }
}
