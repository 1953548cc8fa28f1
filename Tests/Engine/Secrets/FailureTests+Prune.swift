import Model
import Storage
import TestKit
import Testing

@testable import Secrets

extension FailureTests {
    /// The beginning of the log is there, or an anchor stands for it: for all that should go, or for the first portion. Once more, and all of it is gone.
    static let prune = Write("audit prune") { bench in
        try await letGo(bench, try await cuts(bench)[1])
    } isThere: { bench in
        let cuts = try await cuts(bench)
        let (start, dump) = (try await bench.open.book.logStart(), try await StoreDump(of: bench.store))
        let anchors = dump.records.filter { $0.kind == .anchor }.count
        #expect(dump.entries.first?.index == start && anchors == [0, cuts[0], cuts[1]].firstIndex(of: start))
        guard start < cuts[1] else { return true }
        let copy = VaultBench(store: try await dump.load(), isMade: true)
        try await copy.unlock()
        try await letGo(copy, cuts[1])
        #expect(try await copy.open.book.logStart() == cuts[1])
        #expect(try await copy.verify().verdict.isIntact)
        return false
    }

    /// The first two checkpoints: they stay, whatever goes.
    private static func cuts(_ bench: VaultBench) async throws -> [Int64] {
        try await StoreDump(of: bench.store).checkpoints.prefix(2).map(\.size)
    }

    private static func letGo(_ bench: VaultBench, _ cut: Int64) async throws {
        let moment = bench.machine.clock.now().advanced(by: .seconds(1))
        _ = try await bench.open.prune(before: moment, to: cut, inPortionsOf: 1, by: bench.person())
    }
}
