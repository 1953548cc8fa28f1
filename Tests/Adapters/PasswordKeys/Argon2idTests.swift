import CArgon2
import Envelopes
import Foundation
import Model
import PasswordKeys
import PlaintextDoor
import Testing

@Suite("Argon2id")
struct Argon2idTests {
    private struct Vector: Decodable {
        let password: String, phc: String, hashed: String
        var slot: String?, root: String?
        var context: Context?
        struct Context: Decodable { let organization: String, record: String }
    }

    private struct Missing: Error {}

    private func vector(_ name: String) throws -> Vector {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardizedFileURL
        return try JSONDecoder().decode(Vector.self, from: Data(contentsOf: root.appending(path: "vectors/envelopes/\(name).json")))
    }

    private func bytes(_ text: String?) throws -> [UInt8] {
        guard let text, let bytes = [UInt8](hexadecimal: text) else { throw Missing() }
        return bytes
    }

    private func secret(_ bytes: [UInt8]) -> SecretValue {
        var copy = Array(bytes)
        return SecretValue(moving: &copy)
    }

    @Test("hashes are those of the vectors", arguments: ["argon2id-default", "slot-password"])
    func vectors(_ name: String) throws {
        let vector = try vector(name)
        let hashed = try Argon2id().derive(
            password: secret(bytes(vector.password)), parameters: PasswordHashParameters(parsing: vector.phc))
        #expect(hashed == secret(try bytes(vector.hashed)))
    }

    /// From the reference implementation's own tests, version 0x13.
    @Test(
        "hashes are those of the reference implementation",
        arguments: [
            (256, 2, 1, "password", "somesalt", "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe"),
            (256, 2, 2, "password", "somesalt", "6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037"),
            (65_536, 2, 1, "differentpassword", "somesalt", "0b84d652cf6b0c4beaef0dfe278ba6a80df6696281d7e0d2891b817d8c458fde"),
            (65_536, 1, 1, "password", "somesalt", "f6a5adc1ba723dddef9b5ac1d464e180fcd9dffc9d1cbf76cca2fed795d9ca98"),
        ])
    func reference(_ memory: UInt32, _ passes: UInt32, _ lanes: UInt32, _ password: String, _ salt: String, _ expected: String) {
        var output = [UInt8](repeating: 0, count: 32)
        let (password, salt) = (Array(password.utf8), Array(salt.utf8))
        let status = unsafe tacit_argon2id(password, password.count, salt, salt.count, memory, passes, lanes, &output, output.count)
        #expect(status == 0)
        #expect(output.hexadecimal == expected)
    }

    @Test("the library's refusal is reported, not a key")
    func refusal() {
        var output = [UInt8](repeating: 0, count: 32)
        #expect(unsafe tacit_argon2id([1], 1, [1], 1, 256, 1, 1, &output, output.count) < 0)
        #expect(output == [UInt8](repeating: 0, count: 32))
    }

    @Test("a slot opens with its password and with no other")
    func slot() throws {
        let vector = try vector("slot-password")
        let slot = try Slot(decoding: bytes(vector.slot))
        let organization = try OrganizationID(bytes: bytes(vector.context?.organization))
        let id = try SlotID(bytes: bytes(vector.context?.record))
        let password = try bytes(vector.password)
        let root = try slot.open(password: secret(password), hash: Argon2id(), organization: #require(organization), slot: #require(id))
        #expect(try root.derive(.token) == WrappingKey(material: secret(bytes(vector.root))).derive(.token))
        for wrong in [Array(password.dropLast()), password + [0], [], password.map { $0 ^ 32 }] {
            #expect(throws: EnvelopeError.commitmentMismatch) {
                try slot.open(password: secret(wrong), hash: Argon2id(), organization: #require(organization), slot: #require(id))
            }
        }
    }

    @Test("password, salt and every cost change the key")
    func inputs() throws {
        let salt = [UInt8](0..<16)
        let parameters = [
            try PasswordHashParameters(memoryKiB: 8192, passes: 1, lanes: 1, salt: salt),
            try PasswordHashParameters(memoryKiB: 8196, passes: 1, lanes: 1, salt: salt),
            try PasswordHashParameters(memoryKiB: 8192, passes: 2, lanes: 1, salt: salt),
            try PasswordHashParameters(memoryKiB: 8192, passes: 1, lanes: 2, salt: salt),
            try PasswordHashParameters(memoryKiB: 8192, passes: 1, lanes: 1, salt: salt.reversed()),
        ]
        let keys = try parameters.map { try Argon2id().derive(password: secret(Array("CANARY".utf8)), parameters: $0) }
        for (index, key) in keys.enumerated() {
            for other in keys.dropFirst(index + 1) { #expect(key != other) }
        }
    }

    @Test("several hashes at once give what each gives alone")
    func concurrent() async throws {
        let parameters = try PasswordHashParameters(memoryKiB: 8192, passes: 1, lanes: 4, salt: [UInt8](0..<16))
        let passwords = (0..<4).map { secret(Array("CANARY \($0)".utf8)) }
        let alone = try passwords.map { try Argon2id().derive(password: $0, parameters: parameters) }
        let together = try await withThrowingTaskGroup(of: (Int, SecretValue).self) { group in
            for (index, password) in passwords.enumerated() {
                group.addTask { (index, try Argon2id().derive(password: password, parameters: parameters)) }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        for index in alone.indices { #expect(together[index] == alone[index]) }
    }
}
