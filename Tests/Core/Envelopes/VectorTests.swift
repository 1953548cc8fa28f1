import Crypto
import Envelopes
import Foundation
import Model
import PlaintextDoor
import Testing

@Suite("vectors of the envelope formats")
struct VectorTests {
    @Test("a sealed blob seals and opens as its vector says", arguments: try Vectors.all("sealed-", count: 39))
    func sealed(_ vector: Vector) throws {
        let context = try #require(vector.context).sealContext()
        let sealed = try bytes(vector.sealed)
        let key = DataKey.generate(random: giving(try bytes(vector.key)))
        var opened: [UInt8] = []
        let result = outcome {
            opened =
                context.purpose.content == .value ? plain(try key.open(sealed, context: context)) : try key.open(document: sealed, context: context)
        }
        #expect(result == vector.expect)
        guard vector.expect == "opens" else { return }
        let content = try bytes(vector.plaintext)
        #expect(opened == content)
        let again =
            context.purpose.content == .value
            ? try key.seal(secret(content), context: context, random: giving(try bytes(vector.nonce)))
            : try key.seal(document: content, context: context, random: giving(try bytes(vector.nonce)))
        #expect(again == sealed)
    }

    @Test("a wrapped key wraps and unwraps as its vector says", arguments: try Vectors.all("wrapped-", count: 20))
    func wrapped(_ vector: Vector) throws {
        let context = try #require(vector.context).sealContext()
        let wrapped = try bytes(vector.wrapped)
        let key = try WrappingKey(material: secret(bytes(vector.key)))
        let isDataKey = context.purpose.content == .dataKey
        let result = outcome {
            if isDataKey { _ = try key.unwrapDataKey(wrapped, context: context) } else { _ = try key.unwrapWrappingKey(wrapped, context: context) }
        }
        #expect(result == vector.expect)
        guard vector.expect == "opens" else { return }
        let random = giving(try bytes(vector.nonce))
        let inner = try bytes(vector.inner)
        let again =
            isDataKey
            ? try key.wrap(DataKey.generate(random: giving(inner)), context: context, random: random)
            : try key.wrap(WrappingKey(material: secret(inner)), context: context, random: random)
        #expect(again == wrapped)
        try expectSameKey(inner, unwrapping: wrapped, under: key, context: context)
    }

    /// What came out of the wrap is the key that went in: both seal or derive the same.
    private func expectSameKey(_ inner: [UInt8], unwrapping wrapped: [UInt8], under key: WrappingKey, context: SealContext) throws {
        if context.purpose.content == .wrappingKey {
            let unwrapped = try key.unwrapWrappingKey(wrapped, context: context)
            #expect(try unwrapped.derive(.token) == WrappingKey(material: secret(inner)).derive(.token))
        } else {
            var value = context
            value.purpose = .value
            let sealed = try DataKey.generate(random: giving(inner)).seal(secret("CANARY-same"), context: value)
            #expect(try key.unwrapDataKey(wrapped, context: context).open(sealed, context: value) == secret("CANARY-same"))
        }
    }

    @Test("a data key is rewrapped as its vector says", arguments: try Vectors.all("rewrap-", count: 1))
    func rewrapped(_ vector: Vector) throws {
        let context = try #require(vector.context).sealContext(), generation = try #require(vector.generation)
        let (old, new) = (try WrappingKey(material: secret(bytes(vector.key))), try WrappingKey(material: secret(bytes(vector.other))))
        let again = try old.rewrap(
            dataKey: bytes(vector.wrapped), context: context, to: new, generation: generation, random: giving(bytes(vector.nonce)))
        #expect(again == (try bytes(vector.again)))
        var next = context
        next.generation = generation
        try expectSameKey(bytes(vector.inner), unwrapping: again, under: new, context: next)
    }

    @Test("a blob is resealed as its vector says", arguments: try Vectors.all("reseal-", count: 2))
    func resealed(_ vector: Vector) throws {
        let context = try #require(vector.context).sealContext()
        let pieces = [try bytes(vector.other), try bytes(vector.nonce)]
        let random = RandomBytes { count in pieces.first { $0.count == count } ?? [] }
        let key = DataKey.generate(random: giving(try bytes(vector.key)))
        let (fresh, again) = try key.reseal(bytes(vector.sealed), context: context, random: random)
        #expect(again == (try bytes(vector.again)))
        var next = context
        next.generation += 1
        let opened = context.purpose.content == .value ? plain(try fresh.open(again, context: next)) : try fresh.open(document: again, context: next)
        #expect(opened == (try bytes(vector.plaintext)))
    }

    @Test("the two-key vector is one that AES-GCM alone opens under both keys")
    func twoKeys() throws {
        let vector = try Vectors.one("wrapped-two-keys-one-blob")
        let combined = try Data(bytes(vector.wrapped)[1..<61])
        let associatedData = try #require(vector.context).sealContext().associatedData
        var opened: [Data] = []
        for key in [vector.key, vector.opensUnder] {
            let subkey = HKDF<SHA256>.expand(pseudoRandomKey: try bytes(key), info: Data("tacit/v1/wrap".utf8), outputByteCount: 32)
            opened.append(try AES.GCM.open(AES.GCM.SealedBox(combined: combined), using: subkey, authenticating: associatedData))
        }
        #expect(opened[0] != opened[1])
        let other = try WrappingKey(material: secret(bytes(vector.opensUnder)))
        #expect(throws: Never.self) { try other.unwrapDataKey(bytes(vector.wrapped), context: #require(vector.context).sealContext()) }
    }

    @Test("associated data has the bytes of its vectors, and the canonical writer agrees")
    func associatedData() throws {
        struct Table: Decodable {
            struct Case: Decodable { let context: Vector.Context, bytes: String }
            let cases: [Case]
        }
        let cases = try Vectors.table("associated-data", of: Table.self).cases
        #expect(cases.count == 5)
        for scenario in cases {
            let context = try scenario.context.sealContext()
            #expect(context.associatedData.hexadecimal == scenario.bytes)
            var writer = CanonicalWriter()
            writer.write(context.purpose.rawValue)
            let ids = [context.organization.bytes, context.project?.bytes, context.environment?.bytes, context.secret?.bytes, context.record?.bytes]
            for id in ids { writer.write(id ?? []) }
            for number in [context.version, context.field, context.generation] {
                var part = CanonicalWriter()
                if let number { part.write(number) }
                writer.write(part.bytes)
            }
            #expect(writer.bytes == context.associatedData)
        }
    }

    @Test("derived keys are those of the vectors, one for each label")
    func derivedKeys() throws {
        struct Table: Decodable {
            struct Case: Decodable { let label: String, derived: String }
            let key: String, cases: [Case]
        }
        let table = try Vectors.table("derived-keys", of: Table.self)
        let key = try WrappingKey(material: secret(bytes(table.key)))
        #expect(Set(table.cases.map(\.label)) == Set(DerivedKeyLabel.allCases.map(\.rawValue)))
        for scenario in table.cases {
            let label = try #require(DerivedKeyLabel(rawValue: scenario.label))
            #expect(plain(key.derive(label)).hexadecimal == scenario.derived)
        }
        #expect(Set(table.cases.map(\.derived)).count == table.cases.count)
    }

    @Test("sealed lengths are those of the vectors and waste at most an eighth above 4 KiB")
    func buckets() throws {
        struct Table: Decodable {
            struct Case: Decodable { let content: Int, sealed: Int }
            let cases: [Case]
        }
        let cases = try Vectors.table("size-buckets", of: Table.self).cases
        #expect(cases.count == 32)
        for scenario in cases {
            let sealed = try DataKey.generate().seal(document: [UInt8](repeating: 7, count: scenario.content), context: .sample(.manifest))
            #expect(sealed.count == scenario.sealed, "\(scenario.content) bytes")
            #expect(scenario.content <= 4092 || Double(sealed.count) <= 1.12 * Double(scenario.content))
        }
    }
}

/// The bytes of a secret value, for comparing.
func plain(_ value: SecretValue) -> [UInt8] {
    value.withPlaintext(PlaintextDoor()) { span in unsafe span.withUnsafeBytes { unsafe [UInt8]($0) } }
}

extension SealContext {
    /// A context with every part, each its own.
    static func sample(_ purpose: Purpose = .value) -> SealContext {
        func id<Kind>(_ byte: UInt8, _ kind: Kind.Type = Kind.self) -> RecordID<Kind> {
            RecordID(random: giving([UInt8](repeating: byte, count: 16)))
        }
        return SealContext(
            purpose, organization: id(1), project: id(2), environment: id(3), secret: id(4), record: id(5), version: 6, field: 7, generation: 8)
    }
}
