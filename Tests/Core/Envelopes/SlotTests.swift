import Envelopes
import Foundation
import Model
import Synchronization
import Testing

/// Gives a key that depends on password and parameters, at no cost, and counts how often it was asked.
private final class CountingHash: PasswordHash {
    let calls = Mutex(0)

    func derive(password: SecretValue, parameters: PasswordHashParameters) throws -> SecretValue {
        calls.withLock { $0 += 1 }
        let key = try MACKey(material: secret([UInt8](repeating: 1, count: 32)))
        return secret(key.code(over: plain(password) + Array(parameters.phcString.utf8)))
    }
}

/// Gives one key, as a vector says.
private struct VectorHash: PasswordHash {
    let hashed: [UInt8]

    func derive(password: SecretValue, parameters: PasswordHashParameters) throws -> SecretValue { secret(hashed) }
}

@Suite("slots")
struct SlotTests {
    private let organization = OrganizationID(random: .system)
    private let id = SlotID(random: .system)
    private let root = WrappingKey.generate()
    private let hash = CountingHash()

    @Test("a password slot opens with its password, in its place")
    func password() throws {
        let slot = try Slot.sealing(
            root: root, password: secret("CANARY right"), hash: hash, parameters: .default(), organization: organization, slot: id)
        let opened = try slot.open(password: secret("CANARY right"), hash: hash, organization: organization, slot: id)
        #expect(opened.derive(.token) == root.derive(.token))
        #expect(throws: EnvelopeError.commitmentMismatch) {
            try slot.open(password: secret("CANARY wrong"), hash: hash, organization: organization, slot: id)
        }
        #expect(throws: EnvelopeError.commitmentMismatch) {
            try slot.open(password: secret("CANARY right"), hash: hash, organization: organization, slot: SlotID(random: .system))
        }
        #expect(throws: EnvelopeError.commitmentMismatch) {
            try slot.open(password: secret("CANARY right"), hash: hash, organization: OrganizationID(random: .system), slot: id)
        }
    }

    @Test("a recovery slot opens with its recovery key, in its place")
    func recovery() throws {
        let key = RecoveryKey.generate()
        let slot = try Slot.sealing(root: root, recovery: key, organization: organization, slot: id)
        #expect(try slot.open(recovery: RecoveryKey(parsing: key.text()), organization: organization, slot: id).derive(.token) == root.derive(.token))
        #expect(throws: EnvelopeError.commitmentMismatch) { try slot.open(recovery: .generate(), organization: organization, slot: id) }
        #expect(throws: EnvelopeError.commitmentMismatch) {
            try slot.open(recovery: key, organization: organization, slot: SlotID(random: .system))
        }
    }

    @Test("a slot of the other kind is refused before anything is hashed")
    func kinds() throws {
        let recovery = try Slot.sealing(root: root, recovery: .generate(), organization: organization, slot: id)
        #expect(throws: EnvelopeError.wrongSlotKind) { try recovery.open(password: secret("x"), hash: hash, organization: organization, slot: id) }
        #expect(hash.calls.withLock { $0 } == 0)
        let password = try Slot.sealing(
            root: root, password: secret("x"), hash: hash, parameters: .default(), organization: organization, slot: id)
        #expect(throws: EnvelopeError.wrongSlotKind) { try password.open(recovery: .generate(), organization: organization, slot: id) }
    }

    @Test("a slot is read back as it was written")
    func encoding() throws {
        let slots = [
            try Slot.sealing(root: root, recovery: .generate(), organization: organization, slot: id),
            try Slot.sealing(root: root, password: secret("x"), hash: hash, parameters: .default(), organization: organization, slot: id),
        ]
        for slot in slots { #expect(try Slot(decoding: slot.encoded()) == slot) }
    }

    @Test("any flipped bit and any truncation of a stored slot is refused or does not open")
    func tampering() throws {
        let password = secret("CANARY tamper")
        let encoded = try Slot.sealing(
            root: root, password: password, hash: hash, parameters: .default(), organization: organization, slot: id
        ).encoded()
        for bit in 0..<(encoded.count * 8) {
            var changed = encoded
            changed[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: (any Error).self, "bit \(bit)") {
                try Slot(decoding: changed).open(password: password, hash: hash, organization: organization, slot: id)
            }
        }
        for count in 1..<encoded.count {
            #expect(throws: (any Error).self) { try Slot(decoding: Array(encoded.prefix(count))) }
        }
    }

    @Test("stored slots are read as their vectors say", arguments: try Vectors.all("slot-", count: 9))
    func vectors(_ vector: Vector) throws {
        let stored = try bytes(vector.slot)
        #expect(outcome { _ = try Slot(decoding: stored) } == vector.expect)
        guard vector.expect == "opens" else { return }
        let slot = try Slot(decoding: stored)
        #expect(slot.encoded() == stored)
        let context = try #require(vector.context).sealContext()
        let slotID: SlotID = try #require(context.record).cast()
        let root = try WrappingKey(material: secret(bytes(vector.root)))
        let random = giving(try bytes(vector.nonce))
        let (opened, again) = try reopened(slot, vector: vector, root: root, at: (context.organization, slotID), random: random)
        #expect(opened.derive(.token) == root.derive(.token))
        #expect(again == slot)
    }

    private func reopened(
        _ slot: Slot, vector: Vector, root: WrappingKey, at place: (OrganizationID, SlotID), random: RandomBytes
    ) throws -> (WrappingKey, Slot) {
        switch slot {
        case .recovery:
            let key = try RecoveryKey(parsing: secret(#require(vector.recovery)))
            return (
                try slot.open(recovery: key, organization: place.0, slot: place.1),
                try .sealing(root: root, recovery: key, organization: place.0, slot: place.1, random: random)
            )
        case .password(let parameters, _):
            let hash = VectorHash(hashed: try bytes(vector.hashed))
            let password = secret(try bytes(vector.password))
            #expect(parameters.phcString == vector.phc)
            return (
                try slot.open(password: password, hash: hash, organization: place.0, slot: place.1),
                try .sealing(
                    root: root, password: password, hash: hash, parameters: parameters, organization: place.0, slot: place.1, random: random)
            )
        }
    }
}

@Suite("the cost of password hashes")
struct PasswordHashParametersTests {
    private static let salt = "AAECAwQFBgcICQoLDA0ODw"

    @Test("the default is 64 MiB, 3 passes, 4 lanes, and a fresh salt")
    func standard() {
        let first = PasswordHashParameters.default(), second = PasswordHashParameters.default()
        #expect((first.memoryKiB, first.passes, first.lanes, first.salt.count) == (65_536, 3, 4, 16))
        #expect(first.salt != second.salt)
        #expect(PasswordHashParameters.default(random: giving([UInt8](0..<16))).phcString == "$argon2id$v=19$m=65536,t=3,p=4$\(Self.salt)")
    }

    @Test("parsing what was printed gives the same, for random parameters")
    func roundTrip() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SplitMix(state: seed)
        for _ in 0..<500 {
            let parameters = try PasswordHashParameters(
                memoryKiB: .random(in: 8192...4_194_304, using: &generator), passes: .random(in: 1...64, using: &generator),
                lanes: .random(in: 1...16, using: &generator), salt: (0..<16).map { _ in .random(in: .min ... .max, using: &generator) })
            #expect(try PasswordHashParameters(parsing: parameters.phcString) == parameters, "seed \(seed)")
        }
    }

    @Test(
        "a text that is not exactly what is printed is refused",
        arguments: [
            "", "$", "$$$$", "argon2id$v=19$m=65536,t=3,p=4$S", "$argon2id$v=19$m=65536,t=3,p=4", "$argon2id$v=19$m=65536,t=3,p=4$",
            "$argon2id$v=19$m=65536,t=3,p=4$S$", "$argon2id$v=19$m=65536,t=3,p=4$S$c29tZWhhc2g", " $argon2id$v=19$m=65536,t=3,p=4$S",
            "$argon2id$v=19$m=65536,t=3,p=4$S ", "$argon2id$v=19$m=65536,t=3,p=4$S\n", "$argon2id$v=19$t=3,m=65536,p=4$S",
            "$argon2id$v=19$m=65536,t=3$S", "$argon2id$v=19$m=65536,t=3,p=4,x=1$S", "$argon2id$v=19$m=65536,t=3,p=4,$S",
            "$argon2id$v=19$,m=65536,t=3,p=4$S",
            "$argon2id$v=19$m=065536,t=3,p=4$S", "$argon2id$v=19$m=65536,t=03,p=4$S", "$argon2id$v=19$m=+65536,t=3,p=4$S",
            "$argon2id$v=19$m=-65536,t=3,p=4$S", "$argon2id$v=19$m=65536,t=3,p=$S", "$argon2id$v=19$m=,t=3,p=4$S",
            "$argon2id$v=19$m=65536, t=3,p=4$S",
            "$argon2id$v=19$m=0x10000,t=3,p=4$S", "$argon2id$v=19$m=6e4,t=3,p=4$S", "$argon2id$v=19$M=65536,t=3,p=4$S",
            "$argon2id$v=19$m=65536;t=3;p=4$S", "$argon2id$v=19$m=99999999999,t=3,p=4$S", "$argon2id$v=19$m=٦٥٥٣٦,t=3,p=4$S",
            "$argon2id$v=19$m=65536,t=3,p=4$S=", "$argon2id$v=19$m=65536,t=3,p=4$S==", "$argon2id$v=19$m=65536,t=3,p=4$AAECAwQFBgcICQoLDA0ODx",
            "$argon2id$v=19$m=65536,t=3,p=4$AAECAwQFBgcICQoLDA0OD-", "$argon2id$v=19$m=65536,t=3,p=4$AAECAwQFBgcICQoLDA0 Dw",
            "$argon2id$m=65536,t=3,p=4$S", "$argon2id$$m=65536,t=3,p=4$S", "$argon2id$v=19$m=65536,t=3,p=0$S", "$argon2id$v=19$m=65536,t=0,p=4$S",
            "$argon2id$v=19$m=0,t=3,p=4$S",
        ])
    func malformed(_ text: String) {
        #expect(throws: PasswordHashError.self) { try PasswordHashParameters(parsing: text.replacingOccurrences(of: "S", with: Self.salt)) }
    }

    @Test(
        "another algorithm or version is named as such",
        arguments: ["$argon2i$v=19$", "$argon2d$v=19$", "$argon2id$v=16$", "$argon2id$v=20$", "$scrypt$v=19$", "$Argon2id$v=19$", "$argon2id$v=019$"])
    func unknown(_ start: String) {
        #expect(throws: PasswordHashError.unknownAlgorithm) { try PasswordHashParameters(parsing: "\(start)m=65536,t=3,p=4$\(Self.salt)") }
    }

    @Test(
        "a cost out of bounds is refused, and the part is named",
        arguments: [
            ("m=8191,t=3,p=4", PasswordHashError.Parameter.memory), ("m=4194305,t=3,p=4", .memory), ("m=9999999999,t=3,p=4", .memory),
            ("m=65536,t=65,p=4", .passes), ("m=65536,t=4294967296,p=4", .passes), ("m=65536,t=3,p=17", .lanes), ("m=65536,t=3,p=16777216", .lanes),
        ])
    func bounds(_ cost: String, _ parameter: PasswordHashError.Parameter) {
        #expect(throws: PasswordHashError.outOfBounds(parameter)) { try PasswordHashParameters(parsing: "$argon2id$v=19$\(cost)$\(Self.salt)") }
    }

    @Test("a salt of other than 16 bytes is refused", arguments: [0, 8, 15, 17, 64])
    func salt(_ count: Int) {
        #expect(throws: PasswordHashError.outOfBounds(.salt)) { try PasswordHashParameters(salt: [UInt8](repeating: 0, count: count)) }
    }

    @Test("the bounds themselves are within", arguments: ["m=8192,t=1,p=1", "m=4194304,t=64,p=16"])
    func within(_ cost: String) {
        #expect(throws: Never.self) { try PasswordHashParameters(parsing: "$argon2id$v=19$\(cost)$\(Self.salt)") }
    }

    @Test(
        "weaker than the default is less memory, or less work in all",
        arguments: [
            (65_536, 3, false), (65_535, 3, true), (65_536, 2, true), (131_072, 1, true), (131_072, 2, false), (262_144, 1, false),
            (32_768, 60, true),
        ])
    func weakness(_ memoryKiB: Int, _ passes: Int, _ expected: Bool) throws {
        let parameters = try PasswordHashParameters(memoryKiB: memoryKiB, passes: passes, salt: [UInt8](repeating: 0, count: 16))
        #expect(parameters.isWeakerThanDefault == expected)
    }
}
