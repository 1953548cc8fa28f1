import Auditing
import Model
import Storage
import TestKit
import Testing

@testable import Secrets

/// Who reads the log from where it begins.
extension PruneTests {
    @Test("lists, watching, export and health end where the log begins") func readers() async throws {
        let bench = try await furnished()
        let sizes = try await sizes(bench)
        try await prune(bench, to: sizes[2])
        let (open, person) = (try bench.open, bench.person())
        #expect(try await open.prunedTo == sizes[2])
        let all = try await open.auditEntries(matching: AuditFilter(), before: nil, limit: 5000, by: person)
        #expect(all.entries.first?.index == sizes[2] && all.next == nil)
        var filter = AuditFilter()
        filter.action = "secret"
        let found = try await open.auditEntries(matching: filter, before: nil, limit: 5000, by: person)
        #expect(found.entries.allSatisfy { $0.index >= sizes[2] } && found.next == nil)
        filter.until = all.entries.first?.entry.time
        #expect(try await open.auditEntries(matching: filter, before: nil, limit: 5000, by: person).entries.isEmpty)
        #expect(try await open.auditEntries(from: 0, limit: 2, by: person).map(\.index) == [sizes[2], sizes[2] + 1])
        let export = try await open.storedEntries(from: 0, limit: 3, by: person)
        #expect(export.anchor?.size == sizes[2] && export.entries.map(\.index) == Array(sizes[2]..<sizes[2] + 3))
        #expect(try await open.storedEntries(from: sizes[2], limit: 3, by: person).anchor == nil)
        // What nobody used since then may have been used before.
        bench.machine.advance(.seconds(100 * 86_400))
        try await bench.relock()
        let known = try await bench.open.health(by: person).findings.filter { $0.kind == .unused }
        #expect(known.count == 2, "the log goes back ninety days")
        var measures = HealthMeasures()
        measures.unusedAfter = .seconds(101 * 86_400)
        #expect(try await bench.open.health(measures, by: person).findings.filter { $0.kind == .unused }.isEmpty)
    }

    @Test("who verifies, proves or lists while it is pruned sees it before or after") func meanwhile() async throws {
        let bench = try await furnished()
        let sizes = try await sizes(bench)
        try await withThrowingTaskGroup { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<30 {
                        #expect(try await bench.verify().verdict.isIntact)
                        let size = try await bench.open.auditEntryCount()
                        #expect(try await bench.open.prove(ProofWish(.entry(size)), by: bench.person()).proof.verdict == .proven)
                        #expect(try await !bench.log().isEmpty)
                    }
                }
            }
            group.addTask { for cut in sizes.prefix(4) { try await prune(bench, to: cut) } }
            try await group.waitForAll()
        }
        try await check(bench, begins: sizes[3])
    }
}
