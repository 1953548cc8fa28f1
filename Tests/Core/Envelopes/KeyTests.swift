import Crypto
import Envelopes
import Foundation
import Model
import Testing

@Suite("keys and what they may do")
struct KeyTests {
    @Test("a data key seals once, and one that was unwrapped not at all")
    func sealsOnce() throws {
        let key = DataKey.generate()
        let wrapping = WrappingKey.generate()
        _ = try key.seal(secret("CANARY-one"), context: .sample())
        #expect(throws: EnvelopeError.dataKeyUsed) { try key.seal(secret("CANARY-two"), context: .sample()) }
        #expect(throws: EnvelopeError.dataKeyUsed) { try key.seal(document: [1], context: .sample(.manifest)) }
        let unwrapped = try wrapping.unwrapDataKey(wrapping.wrap(DataKey.generate(), context: .sample(.dataKey)), context: .sample(.dataKey))
        #expect(throws: EnvelopeError.dataKeyUsed) { try unwrapped.seal(secret("CANARY-three"), context: .sample()) }
    }

    @Test("a data key seals once when many try at the same time")
    func sealsOnceConcurrently() async {
        let key = DataKey.generate()
        let sealed = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<32 { group.addTask { (try? key.seal(secret("CANARY-race"), context: .sample())) == nil ? 0 : 1 } }
            return await group.reduce(0, +)
        }
        #expect(sealed == 1)
    }

    @Test("a value that is too large is refused and leaves the key unused")
    func tooLarge() throws {
        let key = DataKey.generate()
        let large = secret([UInt8](repeating: 1, count: (1 << 20) + 1))
        #expect(throws: EnvelopeError.tooLarge(maximum: 1 << 20)) { try key.seal(large, context: .sample()) }
        #expect(throws: EnvelopeError.tooLarge(maximum: 1 << 20)) {
            try key.seal(document: [UInt8](repeating: 1, count: (1 << 20) + 1), context: .sample(.policy))
        }
        _ = try key.seal(secret("CANARY-small"), context: .sample())
    }

    @Test("values come back as they were", arguments: [0, 1, 59, 60, 61, 4092, 4093, 70_000, 1 << 20])
    func roundTrip(_ count: Int) throws {
        let content = (0..<count).map { UInt8(truncatingIfNeeded: $0 % 5 == 0 ? 0 : $0) }
        let key = DataKey.generate()
        let sealed = try key.seal(secret(content), context: .sample())
        #expect(plain(try key.open(sealed, context: .sample())) == content)
    }

    @Test("two seals of one value differ")
    func fresh() throws {
        let first = try DataKey.generate().seal(secret("CANARY-same"), context: .sample())
        let second = try DataKey.generate().seal(secret("CANARY-same"), context: .sample())
        #expect(first != second)
        let wrapping = WrappingKey.generate(), key = DataKey.generate()
        #expect(try wrapping.wrap(key, context: .sample(.dataKey)) != wrapping.wrap(key, context: .sample(.dataKey)))
    }

    @Test("another key opens nothing")
    func otherKey() throws {
        let sealed = try DataKey.generate().seal(secret("CANARY-other"), context: .sample())
        #expect(throws: EnvelopeError.authenticationFailed) { try DataKey.generate().open(sealed, context: .sample()) }
        let wrapped = try WrappingKey.generate().wrap(DataKey.generate(), context: .sample(.dataKey))
        #expect(throws: EnvelopeError.commitmentMismatch) { try WrappingKey.generate().unwrapDataKey(wrapped, context: .sample(.dataKey)) }
    }

    @Test("a rewrapped data key opens its value under the new key alone")
    func rewrap() throws {
        let old = WrappingKey.generate(), new = WrappingKey.generate(), key = DataKey.generate()
        let sealed = try key.seal(secret("CANARY-rewrap"), context: .sample())
        let context = SealContext.sample(.dataKey)
        var next = context
        next.generation += 1
        let wrapped = try old.wrap(key, context: context)
        let rewrapped = try old.rewrap(dataKey: wrapped, context: context, to: new, generation: next.generation)
        #expect(try new.unwrapDataKey(rewrapped, context: next).open(sealed, context: .sample()) == secret("CANARY-rewrap"))
        #expect(throws: EnvelopeError.commitmentMismatch) { try new.unwrapDataKey(rewrapped, context: context) }
        #expect(throws: EnvelopeError.commitmentMismatch) { try old.unwrapDataKey(rewrapped, context: next) }
        #expect(throws: EnvelopeError.commitmentMismatch) { try new.rewrap(dataKey: wrapped, context: context, to: new, generation: next.generation) }
    }

    @Test("a document that is moved opens under the other key and a fresh data key, in its next place alone")
    func movesDocument() throws {
        let old = WrappingKey.generate(), new = WrappingKey.generate(), key = DataKey.generate(), content = Array("CANARY-moved".utf8)
        var (keyPlace, place) = (SealContext.sample(.metadataKey), SealContext.sample(.metadata))
        let places = WrappedDocument.Places(key: keyPlace, document: place)
        let before = WrappedDocument(key: try old.wrap(key, context: keyPlace), document: try key.seal(document: content, context: place), in: places)
        keyPlace.version = 7
        place.version = 7
        let next = WrappedDocument.Places(key: keyPlace, document: place)
        let moved = try old.reseal(before, to: new, in: next)
        let fresh = try new.unwrapDataKey(moved.key, context: keyPlace)
        #expect(try fresh.open(document: moved.document, context: place) == content)
        #expect(moved.document.count == before.document.count)
        #expect(throws: EnvelopeError.authenticationFailed) { try fresh.open(document: moved.document, context: .sample(.metadata)) }
        #expect(throws: EnvelopeError.authenticationFailed) { try fresh.open(document: before.document, context: .sample(.metadata)) }
        #expect(throws: EnvelopeError.authenticationFailed) { try key.open(document: moved.document, context: place) }
        #expect(throws: EnvelopeError.commitmentMismatch) { try old.unwrapDataKey(moved.key, context: keyPlace) }
        #expect(throws: EnvelopeError.commitmentMismatch) { try new.unwrapDataKey(moved.key, context: .sample(.metadataKey)) }
        #expect(throws: EnvelopeError.commitmentMismatch) { try new.reseal(before, to: new, in: next) }
        let elsewhere = WrappedDocument(key: before.key, document: before.document, in: .init(key: .sample(.metadataKey), document: place))
        #expect(throws: EnvelopeError.authenticationFailed) { try old.reseal(elsewhere, to: new, in: next) }
        let value = WrappedDocument.Places(key: keyPlace, document: .sample(.value))
        #expect(throws: EnvelopeError.wrongPurpose(.value)) { try old.reseal(before, to: new, in: value) }
        #expect(throws: EnvelopeError.wrongPurpose(.metadata)) { try old.reseal(before, to: new, in: .init(key: place, document: place)) }
    }

    @Test("a resealed value opens under its new key, in the next seal alone", arguments: [Purpose.value, .manifest])
    func reseal(_ purpose: Purpose) throws {
        let key = DataKey.generate(), context = SealContext.sample(purpose), content = Array("CANARY-reseal".utf8)
        let sealed = purpose == .value ? try key.seal(secret(content), context: context) : try key.seal(document: content, context: context)
        let (fresh, resealed) = try key.reseal(sealed, context: context)
        var next = context
        next.generation += 1
        let opened = purpose == .value ? plain(try fresh.open(resealed, context: next)) : try fresh.open(document: resealed, context: next)
        #expect(opened == content)
        #expect(resealed.count == sealed.count && resealed[1..<13] != sealed[1..<13])
        #expect(throws: EnvelopeError.authenticationFailed) { try fresh.reseal(resealed, context: context) }
        #expect(throws: EnvelopeError.authenticationFailed) { try fresh.reseal(sealed, context: context) }
        #expect(throws: EnvelopeError.authenticationFailed) { try key.reseal(resealed, context: next) }
        #expect(throws: EnvelopeError.dataKeyUsed) { try fresh.seal(secret(content), context: .sample()) }
        #expect(throws: EnvelopeError.wrongPurpose(.dataKey)) { try key.reseal(sealed, context: .sample(.dataKey)) }
    }

    @Test("keys lie in an arena of their own, apart from values") func arena() async {
        await #expect(processExitsWith: .success) {
            let before = (keys: SecretArena.keys.usage, values: SecretArena.process.usage)
            let root = WrappingKey.generate()
            let wrapped = try root.wrap(WrappingKey.generate(), context: .sample(.projectKey))
            let project = try root.unwrapWrappingKey(wrapped, context: .sample(.projectKey))
            let codes = try MACKey(material: project.derive(.rowMAC))
            precondition(SecretArena.keys.usage.lockedBlocks > before.keys.lockedBlocks, "internal: no key lies among the keys")
            precondition(SecretArena.process.usage.lockedBlocks == before.values.lockedBlocks, "internal: a key lies among the values")
            withExtendedLifetime((root, project, codes)) {}
        }
    }

    @Test("a key has 32 bytes", arguments: [0, 16, 31, 33, 64])
    func keyLength(_ count: Int) {
        let material = secret([UInt8](repeating: 1, count: count))
        #expect(throws: EnvelopeError.wrongKeyLength(count)) { try WrappingKey(material: material) }
        #expect(throws: EnvelopeError.wrongKeyLength(count)) { try SealingKey(material: material) }
        #expect(throws: EnvelopeError.wrongKeyLength(count)) { try MACKey(material: material) }
    }

    @Test("a sealing key seals many documents, in the form data keys use")
    func sealingKey() throws {
        let material = [UInt8](1...32)
        let key = try SealingKey(material: secret(material))
        let sealed = try (0..<50).map { try key.seal(document: Array("CANARY entry \($0)".utf8), context: .sample(.auditEntry)) }
        #expect(Set(sealed).count == 50)
        for (index, bytes) in sealed.enumerated() {
            #expect(try key.open(document: bytes, context: .sample(.auditEntry)) == Array("CANARY entry \(index)".utf8))
            #expect(throws: EnvelopeError.authenticationFailed) { try key.open(document: bytes, context: .sample(.policy)) }
        }
        #expect(throws: EnvelopeError.wrongPurpose(.value)) { try key.seal(document: [1], context: .sample(.value)) }
        let same = DataKey.generate(random: giving(material))
        #expect(try same.open(document: sealed[0], context: .sample(.auditEntry)) == Array("CANARY entry 0".utf8))
    }

    @Test("a local root key wraps and unwraps in its context only")
    func rootKey() async throws {
        let root = LocalRootKey(key: .generate()), project = WrappingKey.generate()
        let wrapped = try await root.wrap(project, context: .sample(.projectKey))
        let unwrapped = try await root.unwrap(wrapped, context: .sample(.projectKey))
        #expect(unwrapped.derive(.rowMAC) == project.derive(.rowMAC))
        await #expect(throws: EnvelopeError.commitmentMismatch) { try await root.unwrap(wrapped, context: .sample(.organizationKey)) }
    }

    @Test("errors say nothing but safe facts, each with a code of its own")
    func messages() {
        let errors: [EnvelopeError] = [
            .malformedLength, .unknownVersion(9), .authenticationFailed, .commitmentMismatch, .badPadding, .wrongKeyLength(3), .tooLarge(maximum: 4),
            .wrongPurpose(.value), .dataKeyUsed, .sealingFailed, .malformedSlot, .wrongSlotKind,
        ]
        #expect(Set(errors.map(\.code)).count == errors.count)
        for error in errors { #expect(error.code.hasPrefix("envelope.") && error.message.first?.isLowercase == true) }
    }
}

@Suite("keyed codes")
struct MACKeyTests {
    /// RFC 4231 has no key of 32 bytes, and HMAC pads shorter keys with zeros: its keys of 20 and 4 bytes are given padded.
    @Test(
        "codes are those of RFC 4231",
        arguments: [
            (String(repeating: "0b", count: 20), "4869205468657265", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                String(repeating: "aa", count: 20), String(repeating: "dd", count: 50),
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
            ),
        ])
    func rfc4231(_ key: String, _ message: String, _ code: String) throws {
        let material = try bytes(key)
        let mac = try MACKey(material: secret(material + [UInt8](repeating: 0, count: 32 - material.count)))
        #expect(mac.code(over: try bytes(message)).hexadecimal == code)
    }

    @Test("a key that is longer than a block counts by its hash, as RFC 4231 has it, and one of another length than 32 bytes as it is")
    func anyLength() throws {
        let long = MACKey(ofAnyLength: secret([UInt8](repeating: 0xAA, count: 131)))
        let text = Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)
        #expect(long.code(over: text).hexadecimal == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
        let short = MACKey(ofAnyLength: secret(Array("Jefe".utf8)))
        let code = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        #expect(short.code(over: Array("what do ya want for nothing?".utf8)).hexadecimal == code)
    }

    @Test("codes and derivations are the library's, for random keys and messages")
    func library() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SplitMix(state: seed)
        for length in [0, 1, 31, 55, 56, 63, 64, 65, 119, 128, 1000] {
            let key = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            let message = (0..<length).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            let mac = try MACKey(material: secret(key))
            let expected = Array(HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: key)))
            #expect(mac.code(over: message) == expected, "seed \(seed)")
            let derived = HKDF<SHA256>.expand(pseudoRandomKey: key, info: Data("tacit/v1/derive/token-v1".utf8), outputByteCount: 32)
            let library = unsafe derived.withUnsafeBytes { unsafe [UInt8]($0) }
            #expect(try plain(WrappingKey(material: secret(key)).derive(.token)) == library, "seed \(seed)")
        }
    }

    @Test("a code is valid for its bytes and key only")
    func validity() throws {
        let key = try MACKey(material: secret([UInt8](1...32)))
        let code = key.code(over: [1, 2, 3])
        #expect(key.isValid(code, over: [1, 2, 3]))
        #expect(!key.isValid(code, over: [1, 2, 4]))
        #expect(!key.isValid(Array(code.dropLast()), over: [1, 2, 3]))
        #expect(!key.isValid(code + [0], over: [1, 2, 3]))
        #expect(!key.isValid([], over: [1, 2, 3]))
        for bit in 0..<256 {
            var changed = code
            changed[bit / 8] ^= 1 << (bit % 8)
            #expect(!key.isValid(changed, over: [1, 2, 3]))
        }
        #expect(try !MACKey(material: secret([UInt8](2...33))).isValid(code, over: [1, 2, 3]))
    }
}
