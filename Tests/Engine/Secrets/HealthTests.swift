import Auditing
import Envelopes
import Model
import Storage
import TestKit
import Testing

@testable import Secrets

/// What is found wrong with the secrets of a vault.
@Suite struct HealthTests {
    private static let production = Scope(project: VaultBench.dev.project, environment: VaultBench.segment("production"))

    private func bench() async throws -> VaultBench {
        let bench = try await VaultBench.unlocked()
        for name in ["production", "staging"] {
            try await bench.open.createEnvironment(VaultBench.segment(name), in: VaultBench.dev.project, by: bench.person())
        }
        return bench
    }

    private func found(_ bench: VaultBench) async throws -> [String] {
        try await bench.open.health(by: bench.person()).findings.map { finding in
            "\(finding.kind.rawValue) \(finding.scope.environment)/\(finding.name)\(finding.field.map { "#\($0)" } ?? "") \(finding.others.joined(separator: ","))"
        }
    }

    @Test("a vault without fault has the whole score, and so has an empty one") func clean() async throws {
        let bench = try await bench()
        #expect(try await bench.open.health(by: bench.person()).score == 100)
        try await bench.set("A", bench.canary().secret)
        let report = try await bench.open.health(by: bench.person())
        #expect(report.score == 100 && report.secrets == 1 && report.findings.isEmpty)
    }

    @Test("equal values are found: in production and elsewhere, and under several names; one name in two environments is no duplicate") func alike()
        async throws
    {
        let bench = try await bench()
        let (a, b, c) = (bench.canary(), bench.canary(), bench.canary())
        try await bench.set("A", a.secret)
        try await bench.set("A", a.secret, in: Self.production)
        try await bench.set("B", b.secret)
        try await bench.set("Other", b.secret)
        try await bench.set("C", c.secret)
        try await bench.set("C", c.secret, in: VaultBench.scope("default/staging"))
        var write = VaultBench.write("Plain", a.secret, kind: .plain)
        write.fields.append(.init(name: VaultBench.segment("empty"), kind: .secret, value: "".secret))
        _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person())
        #expect(
            try await found(bench) == [
                "shared dev/A#value default/production/A", "shared production/A#value default/dev/A", "duplicate dev/B#value default/dev/Other",
                "duplicate dev/Other#value default/dev/B",
            ])
        #expect(try await bench.open.health(by: bench.person()).score == 57, "of seven, two lose all and two lose half")
    }

    @Test("weak, expired, expiring, old and unused ones are found, and a deleted one is not looked at") func times() async throws {
        let bench = try await bench()
        try await bench.set("pin", "1234".secret)
        try await bench.set("word", "summer2025".secret)
        try await bench.set("gone", "1234".secret)
        _ = try await bench.open.delete(VaultBench.name("gone"), in: VaultBench.dev, by: bench.person())
        for (name, days) in [("soon", 80), ("over", 10), ("later", 200)] {
            var write = VaultBench.write(name, bench.canary().secret)
            write.expiry = .after(.seconds(days * 86_400))
            _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person())
        }
        #expect(try await found(bench) == ["weak dev/pin#value ", "weak dev/word#value ", "expiring dev/over "])
        bench.machine.advance(.seconds(60 * 86_400))
        try await bench.relock()
        _ = try await bench.reveal("pin")
        bench.machine.advance(.seconds(31 * 86_400))
        try await bench.relock()
        let findings = try await found(bench)
        #expect(findings.contains("expired dev/over ") && findings.contains("expired dev/soon ") && !findings.contains("expiring dev/later "))
        #expect(findings.contains("unused dev/word ") && !findings.contains("unused dev/pin "), "\(findings)")
        #expect(!findings.contains { $0.hasPrefix("old") } && !findings.contains { $0.contains("gone") })
        bench.machine.advance(.seconds(300 * 86_400))
        try await bench.relock()
        #expect(try await found(bench).contains("old dev/pin "))
        var measures = HealthMeasures()
        (measures.oldAfter, measures.unusedAfter) = (.seconds(3650 * 86_400), .seconds(3650 * 86_400))
        let report = try await bench.open.health(measures, by: bench.person())
        #expect(!report.findings.contains { $0.kind == .old || $0.kind == .unused })
    }

    @Test("what is found has no value, nor anything made of one, and nothing is stored") func silent() async throws {
        let bench = try await bench()
        let a = bench.canary()
        for name in ["A", "B"] { try await bench.set(name, a.secret) }
        let before = try await StoreDump(of: bench.store)
        let report = try await bench.open.health(by: bench.person())
        #expect(!"\(report)".contains(a.text) && report.findings.count == 2)
        let after = try await StoreDump(of: bench.store)
        #expect(after.records == before.records && after.fields == before.fields && after.entries.count > before.entries.count)
        await #expect(throws: EngineError.self) { try await bench.open.health(by: bench.agent()) }
    }

    @Test("of one project or environment its own secrets are told and counted, compared with all") func places() async throws {
        let bench = try await bench()
        let shop = VaultBench.segment("shop")
        try await bench.open.createProject(shop, by: bench.person())
        let (a, b) = (bench.canary(), bench.canary())
        try await bench.set("A", a.secret)
        try await bench.set("B", a.secret, in: VaultBench.scope("shop/dev"))
        try await bench.set("C", b.secret, in: VaultBench.scope("shop/dev"))
        try await bench.set("D", b.secret, in: VaultBench.scope("default/staging"))
        func told(_ project: String?, _ environment: String? = nil) async throws -> (findings: [String], secrets: Int) {
            var measures = HealthMeasures()
            (measures.project, measures.environment) = (project.map(VaultBench.segment), environment.map(VaultBench.segment))
            let report = try await bench.open.health(measures, by: bench.person())
            return (report.findings.map { "\($0.kind.rawValue) \($0.scope)/\($0.name) \($0.others.joined(separator: ","))" }, report.secrets)
        }
        let inShop = try await told("shop")
        #expect(inShop.findings == ["duplicate shop/dev/B default/dev/A", "duplicate shop/dev/C default/staging/D"] && inShop.secrets == 2)
        let inStaging = try await told(nil, "staging")
        #expect(inStaging.findings == ["duplicate default/staging/D shop/dev/C"] && inStaging.secrets == 1)
        #expect(try await told("default", "dev").findings == ["duplicate default/dev/A shop/dev/B"])
        #expect(try await told(nil).secrets == 4)
        await #expect(throws: EngineError.notFound(.project)) { _ = try await told("none") }
        await #expect(throws: EngineError.notFound(.environment)) { _ = try await told("shop", "staging") }
    }

    @Test("the same value under one name in two projects is a duplicate, and of many others ten are named") func others() async throws {
        let bench = try await bench()
        try await bench.open.createProject(VaultBench.segment("shop"), by: bench.person())
        let (a, b) = (bench.canary(), bench.canary())
        for scope in [VaultBench.dev, VaultBench.scope("shop/dev")] { try await bench.set("A", a.secret, in: scope) }
        for number in 10...21 { try await bench.set("many/\(number)", b.secret) }
        let findings = try await bench.open.health(by: bench.person()).findings
        #expect(findings.filter { $0.name.description == "A" }.map(\.others) == [["shop/dev/A"], ["default/dev/A"]])
        let last = try #require(findings.first { $0.name.description == "many/21" })
        #expect(last.kind == .duplicate && last.others == (10...19).map { "default/dev/many/\($0)" })
    }

    /// Writes down that a secret was used, or that this was refused.
    private func use(_ name: String, _ mode: AccessMode, of bench: VaultBench, isRefused: Bool = false) async throws {
        let open = try bench.open
        let place = try #require(try await open.place(VaultBench.dev))
        let secret = try #require(try await open.shelf.find(VaultBench.name(name), in: place))
        let (act, target) = (Act(.secretReveal, mode, .person), open.target(VaultBench.dev, VaultBench.name(name), secret))
        if isRefused { return try await open.authorizer.refuse(act, by: bench.person(), on: [target.subject], error: .stepUpRequired) }
        let access = try await open.authorizer.authorize(act, by: bench.person(), on: [target])
        await open.authorizer.conclude(access, result: "done")
    }

    private func unused(_ bench: VaultBench) async throws -> [String] {
        try await bench.open.health(by: bench.person()).findings.filter { $0.kind == .unused }.map(\.name.description)
    }

    @Test("used is what was revealed, injected or resolved in time: neither what was refused, nor what was only looked at") func used() async throws {
        let bench = try await bench()
        for name in ["reveal", "inject", "resolve", "masked", "refused", "long-ago", "never"] { try await bench.set(name, bench.canary().secret) }
        try await use("long-ago", .reveal, of: bench)
        bench.machine.advance(.seconds(91 * 86_400))
        try await bench.relock()
        for mode in [AccessMode.reveal, .inject, .resolve, .masked] { try await use(mode.rawValue, mode, of: bench) }
        try await use("refused", .reveal, of: bench, isRefused: true)
        // More than is read of the log at once.
        for _ in 0..<600 { try await use("masked", .masked, of: bench) }
        #expect(try await unused(bench) == ["long-ago", "masked", "never", "refused"])
    }

    @Test("a secret whose current version was taken away is not passed over", arguments: [["A"], ["A", "B"]])
    func missing(names: [String]) async throws {
        let bench = try await bench()
        for name in names { try await bench.set(name, bench.canary().secret) }
        let id = try await bench.open.show(VaultBench.name("A"), in: VaultBench.dev, by: bench.person()).id
        var dump = try await StoreDump(of: bench.store)
        dump.versions.removeAll { $0.secret == id }
        dump.fields.removeAll { $0.key.address.secret == id }
        let thief = bench.restarted(on: try await dump.load())
        try await thief.unlock()
        await #expect(throws: EngineError.unreadable) { try await thief.open.health(by: thief.person()) }
    }

    @Test("a moment counts from its very beginning: the end of a secret, and how long a value may be the same or used by nothing") func moments()
        async throws
    {
        let bench = try await bench()
        let place = try #require(try await bench.open.place(VaultBench.dev))
        let (now, random) = (bench.machine.wall, try bench.open.random)
        let key = try MACKey(material: SecretValue(copying: unsafe [UInt8](repeating: 7, count: MACKey.codeByteCount).span.bytes))
        func kinds(end: Duration? = nil, made: Duration = .zero, written: Duration = .zero, isUsed: Bool? = true) -> [HealthReport.Kind] {
            var secret = SecretRecord.fresh(in: place, now: now.advanced(by: .zero - made), random: random)
            secret.expiresAt = end.map { now.advanced(by: $0) }
            let one = ExaminedSecret(secret, VaultBench.name("a"), writtenAt: now.advanced(by: .zero - written), [], key)
            let used = isUsed.map { $0 ? Set([secret.id]) : [] }
            return HealthWork(examined: [one], used: used, measures: HealthMeasures(), now: now).report().findings.map(\.kind)
        }
        let (day, tick) = (Duration.seconds(86_400), Duration.nanoseconds(1))
        #expect(kinds(end: tick) == [.expiring] && kinds(end: .zero) == [.expired])
        #expect(kinds(end: day * 30) == [.expiring] && kinds(end: day * 30 + tick).isEmpty)
        #expect(kinds(made: day * 365, written: day * 365) == [.old] && kinds(made: day * 365, written: day * 365 - tick).isEmpty)
        #expect(kinds(made: day * 90, isUsed: false) == [.unused] && kinds(made: day * 90 - tick, isUsed: false).isEmpty)
        #expect(kinds(made: day * 90).isEmpty && kinds(made: day * 90, isUsed: nil).isEmpty, "what the log does not reach back to is not said")
    }

    @Test("the score is 100 less what the worst finding takes of each secret's share, and only some kinds are problems") func score() {
        func score(_ kinds: HealthReport.Kind..., of secrets: Int = 1) -> Int {
            HealthReport(kinds.map { .init(kind: $0, scope: VaultBench.dev, name: VaultBench.name("a")) }, secrets: secrets).score
        }
        #expect(HealthReport.Kind.allCases.map { score($0) } == [0, 0, 20, 50, 80, 80, 80])
        #expect(HealthReport.Kind.allCases.filter(\.isProblem) == [.shared, .weak, .expired])
        #expect(score(.old, .duplicate, .unused) == 50, "the worst of one secret, and not all of them")
        #expect(score(.old, of: 3) == 93, "what is left over is taken, too: only a vault without fault has 100")
        #expect(score(.unused, of: 1000) == 99)
    }

    @Test(
        "an environment is production by its name",
        arguments: [
            ("prod", true), ("PROD-eu", true), ("production", true), ("live", true), ("prd", true), ("Live", true), ("staging", false),
            ("preprod", false), ("delivery", false), ("prd2", false),
        ])
    func production(name: String, isProduction: Bool) { #expect(HealthMeasures.isProduction(VaultBench.segment(name)) == isProduction) }
}
