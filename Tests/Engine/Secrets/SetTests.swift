import Auditing
import Model
import Storage
import TestKit
import Testing

@testable import Secrets

@Suite struct SetTests {
    @Test("each write makes a version, and every version can be read") func versions() async throws {
        let bench = try await VaultBench.unlocked()
        let values = (0..<3).map { _ in bench.canary() }
        for (number, value) in values.enumerated() {
            let result = try await bench.set("app/key", value.secret)
            #expect(result.version == Int64(number + 1))
            #expect(result.revision == Int64(number + 1))
        }
        #expect(try await bench.reveal("app/key") == values[2].text)
        for (number, value) in values.enumerated() { #expect(try await bench.reveal("app/key", version: Int64(number + 1)) == value.text) }
        for version in [Int64(4), 0, -1] {
            await #expect(throws: EngineError.versionNotFound) { _ = try await bench.reveal("app/key", version: version) }
        }
        let history = try await bench.open.history(VaultBench.name("app/key"), in: VaultBench.dev, by: bench.person())
        #expect(history.map(\.number) == [3, 2, 1])
        #expect(history.map(\.isCurrent) == [true, false, false])
    }

    @Test("fields that are not written stay, with kind and binding, unless all are replaced") func fields() async throws {
        let bench = try await VaultBench.unlocked()
        let (user, password) = (bench.canary(), bench.canary())
        var write = VaultBench.write("db", user.secret, field: "user", kind: .plain)
        write.fields.append(.init(name: VaultBench.segment("password"), kind: .secret, value: password.secret))
        write.bindings = [("PGPASSWORD", VaultBench.segment("password")), ("PGUSER", VaultBench.segment("user"))]
        _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person())
        let next = bench.canary()
        _ = try await bench.open.set(VaultBench.write("db", next.secret, field: "password"), in: VaultBench.dev, by: bench.person())
        #expect(try await bench.reveal("db", field: "user") == user.text)
        #expect(try await bench.reveal("db", field: "password") == next.text)
        let detail = try await bench.open.show(VaultBench.name("db"), in: VaultBench.dev, by: bench.person())
        #expect(
            detail.fields == [
                FieldView(name: VaultBench.segment("user"), kind: .plain, binding: "PGUSER"),
                FieldView(name: VaultBench.segment("password"), kind: .secret, binding: "PGPASSWORD"),
            ])
        var whole = VaultBench.write("db", next.secret, field: "password")
        whole.replacesFields = true
        _ = try await bench.open.set(whole, in: VaultBench.dev, by: bench.person())
        let replaced = try await bench.open.show(VaultBench.name("db"), in: VaultBench.dev, by: bench.person())
        #expect(replaced.fields == [FieldView(name: VaultBench.segment("password"), kind: .secret, binding: "PGPASSWORD")])
        #expect(try await bench.reveal("db", version: 2, field: "user") == user.text)
        await #expect(throws: EngineError.unknownField) { _ = try await bench.reveal("db", field: "user") }
    }

    @Test("a field must be named when several could be meant") func ambiguity() async throws {
        let bench = try await VaultBench.unlocked()
        var write = VaultBench.write("db", bench.canary().secret, field: "one")
        write.fields.append(.init(name: VaultBench.segment("two"), kind: .secret, value: bench.canary().secret))
        _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person())
        await #expect(throws: EngineError.self) { _ = try await bench.reveal("db") }
        _ = try await bench.reveal("db", field: "two")
    }

    @Test("a writer who saw another version is refused, and told the current one") func compareAndSet() async throws {
        let bench = try await VaultBench.unlocked()
        func set(expecting version: Int64) async throws -> Int64 {
            var write = VaultBench.write("app/key", bench.canary().secret)
            write.expectedVersion = version
            return try await bench.open.set(write, in: VaultBench.dev, by: bench.person()).version
        }
        await #expect(throws: EngineError.revisionMismatch(current: 0)) { try await set(expecting: 1) }
        #expect(try await set(expecting: 0) == 1)
        await #expect(throws: EngineError.revisionMismatch(current: 1)) { try await set(expecting: 0) }
        #expect(try await set(expecting: 1) == 2)
    }

    @Test("of writers that expect the same version, one wins") func racingCompareAndSet() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.set("app/key", bench.canary().secret)
        let open = try bench.open
        let wins = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var write = VaultBench.write("app/key", bench.canary().secret)
                    write.expectedVersion = 1
                    do { return try await open.set(write, in: VaultBench.dev, by: bench.person()).version == 2 } catch { return false }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(wins == 1)
    }

    @Test("a value of 1 MiB with NULs comes back as it was, one byte more is refused") func sizes() async throws {
        let bench = try await VaultBench.unlocked()
        var bytes = bench.random.bytes(SecretValue.maximumByteCount)
        for index in stride(from: 0, to: bytes.count, by: 97) { bytes[index] = 0 }
        try await bench.set("big", SecretValue(copying: unsafe bytes.span.bytes))
        let reference = FieldReference(scope: VaultBench.dev, name: VaultBench.name("big"))
        #expect(try await bench.open.reveal(reference, by: bench.person(), withinGrace: false).value.bytes == bytes)
        try await bench.set("empty", "".secret)
        #expect(try await bench.reveal("empty") == "")

        let large = SecretValue(copying: unsafe (bytes + [1]).span.bytes)
        await #expect(throws: EngineError.self) { try await bench.set("larger", large) }
        var many = VaultBench.write("many", SecretValue(copying: unsafe bytes.span.bytes))
        for name in ["a", "b", "c", "d"] {
            many.fields.append(.init(name: VaultBench.segment(name), kind: .secret, value: SecretValue(copying: unsafe bytes.span.bytes)))
        }
        await #expect(throws: EngineError.self) { _ = try await bench.open.set(many, in: VaultBench.dev, by: bench.person()) }
        #expect(try await bench.open.list(VaultBench.dev, ListFilter(), by: bench.person()).views.map(\.name.description) == ["big", "empty"])
    }

    @Test("a write that makes no sense is refused, and nothing is stored", arguments: Nonsense.all) func refused(nonsense: Nonsense) async throws {
        let bench = try await VaultBench.unlocked()
        var write = VaultBench.write("app/key", bench.canary().secret)
        nonsense.change(&write)
        await #expect(throws: (any Error).self) { _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person()) }
        #expect(try await bench.open.list(VaultBench.dev, ListFilter(), by: bench.person()).views.isEmpty)
    }

    struct Nonsense: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let change: @Sendable (inout SecretWrite) -> Void

        init(_ what: String, _ change: @escaping @Sendable (inout SecretWrite) -> Void) {
            testDescription = what
            self.change = change
        }

        static func field(_ name: String) -> SecretWrite.Field { .init(name: VaultBench.segment(name), kind: .secret, value: "CANARY-f".secret) }

        static let all = [
            Nonsense("no field") { $0.fields = [] }, Nonsense("a field twice") { $0.fields.append($0.fields[0]) },
            Nonsense("a binding of no field") { $0.bindings = [("A", VaultBench.segment("other"))] },
            Nonsense("a variable that is none") { $0.bindings = [("1A", VaultBench.segment("value"))] },
            Nonsense("two fields on one variable") {
                $0.fields.append(field("b"))
                $0.bindings = [("A", VaultBench.segment("value")), ("A", VaultBench.segment("b"))]
            }, Nonsense("a tag with a space") { $0.tags = ["a b"] }, Nonsense("too many tags") { $0.tags = (0..<65).map { "t\($0)" } },
            Nonsense("too long a note") { $0.note = String(repeating: "n", count: 16_385) },
            Nonsense("too many fields") { $0.fields += (0..<64).map { field("f\($0)") } },
        ]
    }

    @Test("a write to an environment that is not there is refused") func absentEnvironment() async throws {
        let bench = try await VaultBench.unlocked()
        for (scope, thing) in [("default/prod", NamedThing.environment), ("other/dev", .project)] {
            await #expect(throws: EngineError.notFound(thing)) {
                try await bench.set("app/key", bench.canary().secret, in: VaultBench.scope(scope))
            }
        }
    }

    @Test("a short value is pointed out") func notice() async throws {
        let bench = try await VaultBench.unlocked()
        #expect(try await bench.set("app/pin", "1234".secret).notices.count == 1)
        #expect(try await bench.set("app/key", bench.canary().secret).notices.isEmpty)
        let guessed = try await bench.set("app/word", "correct horse battery staple".secret).notices
        #expect(guessed.count == 1 && guessed[0].contains("`value` could be guessed") && !guessed[0].contains("horse"))
        var plain = VaultBench.write("app/host", "localhost".secret)
        plain.fields[0].kind = .plain
        #expect(try await bench.open.set(plain, in: VaultBench.dev, by: bench.person()).notices.isEmpty, "it is shown anyway")
    }
}
