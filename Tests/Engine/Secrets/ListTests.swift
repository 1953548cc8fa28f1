import Auditing
import Model
import Policies
import TestKit
import Testing

@testable import Secrets

@Suite struct ListTests {
    private func bench() async throws -> VaultBench {
        let bench = try await VaultBench.unlocked()
        for (name, tags, expiry) in [("a/one", ["x"], nil), ("b/two", ["x", "y"], 3600), ("C/three", [], 86_400)] as [(String, [String], Int?)] {
            var write = VaultBench.write(name, bench.canary().secret)
            write.tags = tags
            write.description = name == "a/one" ? "The Payment key" : nil
            write.expiry = expiry.map { .after(.seconds($0)) }
            _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person())
        }
        return bench
    }

    private func list(_ bench: VaultBench, _ change: (inout ListFilter) -> Void = { _ in }) async throws -> [String] {
        var filter = ListFilter()
        change(&filter)
        return try await bench.open.list(VaultBench.dev, filter, by: bench.person()).views.map(\.name.description)
    }

    @Test("a list is in the order of the names, and filters hold") func filters() async throws {
        let bench = try await bench()
        #expect(try await list(bench) == ["C/three", "a/one", "b/two"])
        #expect(try await list(bench) { $0.tag = "x" } == ["a/one", "b/two"])
        #expect(try await list(bench) { $0.search = "PAYMENT" } == ["a/one"])
        #expect(try await list(bench) { $0.search = "three" } == ["C/three"])
        #expect(try await list(bench) { $0.expiringWithin = .seconds(7200) } == ["b/two"])
        #expect(try await list(bench) { $0.search = "y" } == ["a/one", "b/two"])
    }

    @Test("pages join to the whole") func pages() async throws {
        let bench = try await bench()
        var names: [String] = []
        var filter = ListFilter(limit: 2)
        repeat {
            let page = try await bench.open.list(VaultBench.dev, filter, by: bench.person())
            names += page.views.map(\.name.description)
            #expect(page.total == 3)
            filter.after = page.next
        } while filter.after != nil
        #expect(names == ["C/three", "a/one", "b/two"])
    }

    @Test("an agent is told the fields of what it may list, of a secret that has others than the usual one") func fields() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.allow([.envInject])
        try await bench.set("app/plain", bench.canary().secret)
        try await bench.set("app/root", bench.canary().secret)
        func write(_ field: String) async throws {
            let write = VaultBench.write("app/login", bench.canary().secret, field: field)
            _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person())
        }
        func fields(_ asker: Asker, limit: Int = 10) async throws -> [String: [String]?] {
            let views = try await bench.open.list(VaultBench.dev, ListFilter(limit: limit), by: asker).views
            return Dictionary(uniqueKeysWithValues: views.map { ($0.name.description, $0.fields) })
        }
        try await write("user")
        #expect(try await fields(bench.agent()) == ["app/login": ["user"], "app/plain": nil])
        // What was found once is not told of the version after.
        try await write("password")
        #expect(try await fields(bench.agent()) == ["app/login": ["user", "password"], "app/plain": nil])
        #expect(try await fields(bench.agent(), limit: 1) == ["app/login": ["user", "password"]])
        #expect(try await fields(bench.person())["app/login"] == .some(nil))
    }

    @Test("a list shows what was changed since the last one") func fresh() async throws {
        let bench = try await bench()
        _ = try await list(bench)
        var patch = MetadataPatch()
        patch.name = VaultBench.name("z/last")
        _ = try await bench.open.patch(VaultBench.name("a/one"), in: VaultBench.dev, patch, expectedRevision: nil, by: bench.person())
        #expect(try await list(bench) == ["C/three", "b/two", "z/last"])
    }
}
