import Auditing
import Model
import Storage
import TestKit
import Testing

@testable import Secrets

@Suite struct ImportTests {
    private func run(_ bench: VaultBench, _ secrets: [(String, Canary)], _ conflict: ImportWish.Conflict = .error, isDryRun: Bool = false)
        async throws -> ImportReport
    {
        let writes = secrets.map { VaultBench.write($0.0, $0.1.secret) }
        return try await bench.open.importSecrets(
            ImportWish(secrets: writes, conflict: conflict, isDryRun: isDryRun), in: VaultBench.dev, by: bench.person())
    }

    @Test("secrets are taken in whole, and equal ones are left alone") func whole() async throws {
        let bench = try await VaultBench.unlocked()
        let (a, b) = (bench.canary(), bench.canary())
        let report = try await run(bench, [("A", a), ("B", b)])
        #expect(report.created.map(\.description) == ["A", "B"])
        let again = try await run(bench, [("A", a), ("B", b)])
        #expect(again.unchanged.map(\.description) == ["A", "B"])
        #expect(try await bench.reveal("A") == a.text)
        #expect(try await bench.open.history(VaultBench.name("A"), in: VaultBench.dev, by: bench.person()).count == 1)
    }

    @Test("secrets lie in the order in which they came") func order() async throws {
        let bench = try await VaultBench.unlocked()
        for letter in ["C", "A", "B"] {
            bench.machine.advance(.milliseconds(1))
            _ = try await run(bench, [(letter, bench.canary())])
        }
        var names: [String] = []
        let place = try #require(await bench.open.place(VaultBench.dev))
        for row in try await bench.open.book.records(.secret, parent: place.environment.cast()) {
            names.append(try await bench.open.shelf.metadata(SecretRecord(row, place: place)).name.description)
        }
        #expect(names == ["C", "A", "B"])
    }

    @Test("a conflict, a repeated name, a deleted name or too large a value stores nothing at all") func nothing() async throws {
        let bench = try await VaultBench.unlocked()
        let (a, b) = (bench.canary(), bench.canary())
        try await bench.set("A", a.secret)
        try await bench.set("gone", a.secret)
        _ = try await bench.open.delete(VaultBench.name("gone"), in: VaultBench.dev, by: bench.person())
        let before = try await StoreDump(of: bench.store)
        await #expect(throws: EngineError.self) { try await run(bench, [("New", b), ("A", b)]) }
        await #expect(throws: EngineError.self) { try await run(bench, [("New", b), ("New", b)], .overwrite) }
        await #expect(throws: EngineError.self) { try await run(bench, [("New", b), ("gone", b)], .overwrite) }
        let large = VaultBench.write("L", SecretValue(copying: unsafe [UInt8](repeating: 1, count: (1 << 20) + 1).span.bytes))
        await #expect(throws: EngineError.self) {
            _ = try await bench.open.importSecrets(
                ImportWish(secrets: [VaultBench.write("New", b.secret), large], conflict: .skip, isDryRun: false), in: VaultBench.dev,
                by: bench.person())
        }
        let after = try await StoreDump(of: bench.store)
        #expect(after.records == before.records)
        #expect(after.fields == before.fields)
        #expect(try await bench.verify().missingOutcomes.isEmpty)
    }

    @Test("what stands in the way of an import is named, up to ten, in the order of the file") func namedConflicts() async throws {
        let bench = try await VaultBench.unlocked()
        let (a, b) = (bench.canary(), bench.canary())
        for number in 1...12 { try await bench.set("k\(number)", a.secret) }
        for name in ["gone", "lost"] {
            try await bench.set(name, a.secret)
            _ = try await bench.open.delete(VaultBench.name(name), in: VaultBench.dev, by: bench.person())
        }
        func message(_ names: [String]) async -> String? {
            do { _ = try await run(bench, names.map { ($0, b) }) } catch { return (error as? EngineError)?.message }
            return nil
        }
        #expect(await message(["k2"]) == "k2 is there already with another value")
        #expect(await message(["k2", "new", "k1"]) == "k2 and k1 are there already with another value")
        #expect(await message(["k3", "gone", "k1", "lost"]) == "gone and lost are deleted")
        let all = (1...12).map { "k\($0)" }
        #expect(await message(all) == all.prefix(10).joined(separator: ", ") + " and 2 more are there already with another value")
    }

    @Test("conflicts are skipped or overwritten as wished, and a dry run stores nothing") func conflicts() async throws {
        let bench = try await VaultBench.unlocked()
        let (a, b, c) = (bench.canary(), bench.canary(), bench.canary())
        var write = VaultBench.write("A", a.secret)
        write.bindings = [("TOKEN", VaultBench.segment("value"))]
        write.tags = ["kept"]
        _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person())
        let dry = try await run(bench, [("A", b), ("C", c)], .overwrite, isDryRun: true)
        #expect([dry.overwritten, dry.created].map { $0.map(\.description) } == [["A"], ["C"]])
        #expect(try await bench.reveal("A") == a.text)
        let skip = try await run(bench, [("A", b), ("C", c)], .skip)
        #expect([skip.skipped, skip.created].map { $0.map(\.description) } == [["A"], ["C"]])
        #expect(try await bench.reveal("A") == a.text)
        let over = try await run(bench, [("A", b)], .overwrite)
        #expect(over.overwritten.map(\.description) == ["A"])
        #expect(try await bench.reveal("A") == b.text)
        #expect(try await bench.reveal("A", version: 1) == a.text)
        let detail = try await bench.open.show(VaultBench.name("A"), in: VaultBench.dev, by: bench.person())
        #expect(detail.fields.first?.binding == "TOKEN")
        #expect(detail.tags == ["kept"])
    }

    @Test("a file's tags are added to those that a secret has, and none is taken away") func tags() async throws {
        let bench = try await VaultBench.unlocked()
        let (a, b) = (bench.canary(), bench.canary())
        var guarded = VaultBench.write("A", a.secret)
        guarded.tags = ["guarded"]
        _ = try await bench.open.set(guarded, in: VaultBench.dev, by: bench.person())
        var (first, second) = (VaultBench.write("A", b.secret), VaultBench.write("B", b.secret))
        (first.tags, second.tags) = (["work"], ["work", "work"])
        let wish = ImportWish(secrets: [first, second], conflict: .overwrite, isDryRun: false)
        _ = try await bench.open.importSecrets(wish, in: VaultBench.dev, by: bench.person())
        for (name, tags) in [("A", ["guarded", "work"]), ("B", ["work"])] {
            #expect(try await bench.open.show(VaultBench.name(name), in: VaultBench.dev, by: bench.person()).tags == tags)
        }
    }

    @Test("a file's fields replace those that a secret has, and another name of a field is a change") func fields() async throws {
        let bench = try await VaultBench.unlocked()
        let a = bench.canary()
        func take(_ write: SecretWrite) async throws -> ImportReport {
            let wish = ImportWish(secrets: [write], conflict: .overwrite, isDryRun: false)
            return try await bench.open.importSecrets(wish, in: VaultBench.dev, by: bench.person())
        }
        func fields() async throws -> [String] {
            try await bench.open.show(VaultBench.name("A"), in: VaultBench.dev, by: bench.person()).fields.map(\.name.description)
        }
        var write = VaultBench.write("A", a.secret)
        write.fields.append(.init(name: VaultBench.segment("user"), kind: .plain, value: "ada".secret))
        #expect(try await take(write).created.count == 1)
        #expect(try await take(VaultBench.write("A", a.secret)).overwritten.count == 1)
        #expect(try await fields() == ["value"])
        #expect(try await take(VaultBench.write("A", a.secret, field: "token")).overwritten.count == 1)
        #expect(try await fields() == ["token"])
    }

    @Test("secrets that could be guessed are counted, once each, and one file has at most so many") func bounds() async throws {
        let bench = try await VaultBench.unlocked()
        var weak = VaultBench.write("weak", "1234".secret)
        weak.fields.append(.init(name: VaultBench.segment("pin"), kind: .secret, value: "5678".secret))
        let plain = VaultBench.write("plain", "1234".secret, kind: .plain)
        let wish = ImportWish(secrets: [weak, plain, VaultBench.write("good", bench.canary().secret)], conflict: .error, isDryRun: false)
        #expect(try await bench.open.importSecrets(wish, in: VaultBench.dev, by: bench.person()).guessable == 1)
        let many = (0...OpenVault.largestImport).map { VaultBench.write("n\($0)", "1234".secret) }
        let tooMany = ImportWish(secrets: many, conflict: .error, isDryRun: true)
        let refusal = await #expect(throws: EngineError.self) { try await bench.open.importSecrets(tooMany, in: VaultBench.dev, by: bench.person()) }
        #expect(refusal?.message == "an import has at most 20000 secrets")
    }

    @Test("every secret that an import wrote stands in the log, however many they are") func subjects() async throws {
        let bench = try await VaultBench.unlocked()
        let canary = bench.canary()
        let names = (0..<1234).map { "K\($0)" }
        _ = try await run(bench, names.map { ($0, canary) })
        let entries = try await bench.log().filter { $0.action == .known(.secretImport) }
        let written = entries.flatMap(\.subjects).filter { $0.secret != nil }.compactMap(\.name)
        #expect(Set(written) == Set(names.map { "default/dev/\($0)" }))
        #expect(entries.contains { if case .outcome(_, "done") = $0.phase { true } else { false } })
        let run = try await bench.open.prepareRun(
            {
                var wish = RunWish(arguments: ["true"], scope: VaultBench.dev)
                wish.takesAll = true
                return wish
            }(), by: bench.person())
        #expect(run.job.values.count == 1234)
    }
}
