import Foundation
import Model
import PlaintextDoor
import TestKit
import Testing

@testable import Envelopes

@Suite("the sealing of backups")
struct BackupTests {
    /// A backup of the vectors that opens with a key.
    struct Sealed {
        let file: [UInt8]
        let key: SecretValue
        /// How many bytes stand before the first chunk.
        let start: Int

        init(_ vector: BackupVector) throws {
            file = try bytes(vector.file)
            var material = try bytes(vector.key)
            key = SecretValue(moving: &material)
            start = try #require(try BackupHead.read(file)).byteCount + MACKey.codeByteCount
        }

        var chunks: [[UInt8]] {
            stride(from: start, to: file.count, by: ChunkCipher.sealedByteCount).map { Array(file[$0...].prefix(ChunkCipher.sealedByteCount)) }
        }

        func with(_ chunks: [[UInt8]]) -> [UInt8] { Array(file[..<start]) + Array(chunks.joined()) }
    }

    /// The content of a file, as it comes in pieces of some length.
    static func open(_ file: [UInt8], _ key: SecretValue, by length: Int = .max) throws -> [UInt8] {
        guard let (head, count) = try BackupHead.read(file), file.count >= count + MACKey.codeByteCount else { throw BackupError.cut }
        let code = Array(file[count..<(count + MACKey.codeByteCount)])
        var opener = try BackupKey.open(head, code: code, with: .key(key), hash: NoHash()).opener(behind: head)
        var pieces = PlaintextPieces()
        var rest = file[(count + MACKey.codeByteCount)...]
        while !rest.isEmpty {
            opener.append(rest.prefix(length))
            rest = rest.dropFirst(min(length, rest.count))
            while let content = try opener.next() { pieces.append(content) }
        }
        pieces.append(try opener.finish())
        return pieces.takeBytes(pieces.byteCount) ?? []
    }

    private struct NoHash: PasswordHash {
        func derive(password: SecretValue, parameters: PasswordHashParameters) throws -> SecretValue { password }
    }

    @Test("however a file is cut on its way, the same comes out, and sealing that gives the file again")
    func cuts() throws {
        let sealed = try Sealed(BackupVector.one("large"))
        let whole = try Self.open(sealed.file, sealed.key)
        for length in [1 << 10, 65_535, 65_536, 65_552, 65_553, 200_000] {
            #expect(try Self.open(sealed.file, sealed.key, by: length) == whole)
        }
        let (head, count) = try #require(try BackupHead.read(sealed.file))
        let code = Array(sealed.file[count..<sealed.start])
        let key = try BackupKey.open(head, code: code, with: .key(sealed.key), hash: NoHash())
        var draws = RandomDraws()
        for _ in 0..<3 {
            var (sealer, again, rest) = (key.sealer(behind: head), head.encoded + key.code(of: head), whole[...])
            while !rest.isEmpty {
                let part = rest.prefix(Int.random(in: 1...90_000, using: &draws))
                rest = rest.dropFirst(part.count)
                sealer.add(Array(part))
                while let chunk = try sealer.next() { again += chunk }
            }
            again += try sealer.finish()
            #expect(again == sealed.file, "seed \(draws.seed)")
        }
    }

    @Test("a chunk that was moved, left out, doubled or exchanged for another's is found, and so is an end that is gone or grown")
    func chunks() throws {
        let sealed = try Sealed(BackupVector.one("large"))
        let c = sealed.chunks
        try #require(c.count == 3)
        let small = try Sealed(BackupVector.one("recipients"))
        let cases: [(String, [[UInt8]], BackupError)] = [
            ("exchanged", [c[1], c[0], c[2]], .changed(piece: 1)), ("the first left out", [c[1], c[2]], .changed(piece: 1)),
            ("the second left out", [c[0], c[2]], .cut), ("doubled", [c[0], c[0], c[1], c[2]], .changed(piece: 2)),
            ("cut between chunks", [c[0], c[1]], .cut), ("nothing but the head", [], .cut),
            ("cut in a chunk", [c[0], Array(c[1].dropLast(9))], .cut), ("grown", [c[0], c[1], c[2] + [0]], .cut),
            ("of another backup", [c[0], c[1], small.chunks[0]], .cut),
        ]
        for (what, chunks, error) in cases {
            #expect(throws: error, "\(what)") { try Self.open(sealed.with(chunks), sealed.key) }
        }
        // A last chunk that is full, and something behind it.
        let (head, count) = try #require(try BackupHead.read(sealed.file))
        let key = try BackupKey.open(head, code: Array(sealed.file[count..<sealed.start]), with: .key(sealed.key), hash: NoHash())
        var sealer = key.sealer(behind: head)
        sealer.add([UInt8](repeating: 7, count: ChunkCipher.chunkByteCount))
        let full = try sealer.finish()
        #expect(try Self.open(sealed.with([full]), sealed.key).count == ChunkCipher.chunkByteCount)
        #expect(throws: BackupError.leftOver) { try Self.open(sealed.with([full, [1]]), sealed.key) }
    }

    @Test("any flipped bit, and any cut, of a backup is found")
    func flips() throws {
        let sealed = try Sealed(BackupVector.one("recipients"))
        for position in sealed.file.indices {
            var file = sealed.file
            file[position] ^= 1 << UInt8(position % 8)
            #expect(throws: BackupError.self, "\(position)") { try Self.open(file, sealed.key) }
        }
        for count in stride(from: 0, to: sealed.file.count, by: 7) {
            #expect(throws: BackupError.self, "\(count)") { try Self.open(Array(sealed.file.prefix(count)), sealed.key) }
        }
    }

    @Test("a head is sealed to its password, its backup and its vault")
    func heads() throws {
        struct Hash: PasswordHash {
            func derive(password: SecretValue, parameters: PasswordHashParameters) throws -> SecretValue {
                SecretValue(copying: unsafe MACKey(ofAnyLength: password).code(over: parameters.salt).span.bytes)
            }
        }
        let organization = OrganizationID(random: .system)
        let (key, head) = try BackupKey.make(.password(secret("CANARY-right")), of: organization, at: Timestamp(nanoseconds: 5), hash: Hash())
        let code = key.code(of: head)
        _ = try BackupKey.open(head, code: code, with: .password(secret("CANARY-right")), hash: Hash())
        func expect(_ error: BackupError, _ head: BackupHead, _ opening: BackupKey.Opening) {
            #expect(throws: error) { try BackupKey.open(head, code: code, with: opening, hash: Hash()) }
        }
        expect(.wrongPassword, head, .password(secret("CANARY-wrong")))
        expect(.needsPassword, head, .key(secret("CANARY-right")))
        var other = head
        other.createdAt = Timestamp(nanoseconds: 6)
        expect(.changed(piece: 0), other, .password(secret("CANARY-right")))
        other = head
        other.organization = OrganizationID(random: .system)
        expect(.wrongPassword, other, .password(secret("CANARY-right")))
        #expect(try BackupKey.make(.password(secret("CANARY-right")), of: organization, at: head.createdAt, hash: Hash()).head != head)
    }

    @Test("the age file of a key is the one that its vector says")
    func age() throws {
        let vector = try BackupVector.one("recipients")
        let recipients = try #require(vector.recipients).map { try AgeRecipient(parsing: $0) }
        var draws = try #require(vector.draws).map { try bytes($0) }
        let source = Draws(draws)
        draws = []
        var material = try bytes(vector.key)
        let file = try AgeFile.seal(SecretValue(moving: &material), to: recipients, random: RandomBytes { source.take($0) })
        #expect(try file == bytes(vector.age))
        #expect(recipients.map(\.text) == vector.recipients)
        #expect(throws: BackupError.recipientCount) { try AgeFile.seal(secret("x"), to: [], random: .system) }
    }

    @Test(
        "a text that is no recipient of age's is refused",
        arguments: [
            "", "age1", "AGE1QL3Z7HJY54PW3HYWW5AYYFG7ZQGVC7W3J2ELW8ZMRJ2KG5SFN9AQMCAC8P", "ssh-ed25519 AAAA",
            "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8q", "bge1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
            "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p ",
        ])
    func noRecipient(_ text: String) {
        #expect(throws: BackupError.unknownRecipient) { try AgeRecipient(parsing: text) }
    }

    @Test("the recipient of age's own specification is one")
    func recipient() throws {
        let text = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
        #expect(try AgeRecipient(parsing: text).text == text)
    }

    private final class Draws: @unchecked Sendable {
        private var rest: [[UInt8]]
        init(_ draws: [[UInt8]]) { rest = draws }
        func take(_ count: Int) -> [UInt8] { rest.isEmpty ? [] : rest.removeFirst() }
    }
}

/// One file of `vectors/backups`.
struct BackupVector: Decodable, Sendable, CustomTestStringConvertible {
    var name: String?
    let expect: String
    let reason: String
    let file: String
    var key: String?
    var age: String?
    var recipients: [String]?
    var draws: [String]?

    static func one(_ name: String) throws -> BackupVector {
        let url = Vectors.folder.appending(path: "../backups/\(name).json").standardizedFileURL
        return try JSONDecoder().decode(BackupVector.self, from: Data(contentsOf: url))
    }

    var testDescription: String { "\(name ?? ""): \(reason)" }
}
