import Envelopes
import Foundation
import Model
import PasswordKeys
import TestKit
import Testing

@testable import Secrets

@Suite("vectors of backups")
struct BackupVectorTests {
    struct Vector: Decodable, Sendable, CustomTestStringConvertible {
        var name: String?
        let expect: String
        let reason: String
        let file: String
        var password: String?
        var key: String?
        var content: String?

        var testDescription: String { "\(name ?? ""): \(reason)" }
    }

    private static let folder = URL(filePath: GoldenFile.repositoryRoot).appending(path: "vectors/backups")

    static let all: [Vector] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path())) ?? []
        return files.filter { $0.hasSuffix(".json") }.sorted().compactMap { file in
            guard let data = try? Data(contentsOf: folder.appending(path: file)), var vector = try? JSONDecoder().decode(Vector.self, from: data)
            else { return nil }
            vector.name = String(file.dropLast(5))
            return vector
        }
    }()

    @Test("there are as many as there were") func count() { #expect(Self.all.count == 23) }

    @Test("a backup is read, or refused, as its vector says", arguments: all)
    func reads(_ vector: Vector) async throws {
        let file = try #require([UInt8](hexadecimal: vector.file))
        let opening = try Self.opening(vector)
        var events: [BackupEvent] = []
        var outcome = "opens"
        do { events = try await Self.read(file, opening) } catch let error as BackupError { outcome = Self.word(error) }
        #expect(outcome == vector.expect)
        guard vector.expect == "opens", let content = vector.content else { return }
        #expect(try Self.written(events).hexadecimal == content)
    }

    private static func opening(_ vector: Vector) throws -> BackupKey.Opening {
        if let key = vector.key { return .key(try secret(key)) }
        return .password(try vector.password.map { try secret($0) } ?? "CANARY backup horse".secret)
    }

    private static func secret(_ text: String) throws -> SecretValue {
        var bytes = try #require([UInt8](hexadecimal: text))
        return SecretValue(moving: &bytes)
    }

    /// All that a file holds, as it comes in pieces.
    static func read(_ file: [UInt8], _ opening: BackupKey.Opening, hash: any PasswordHash = Argon2id()) async throws -> [BackupEvent] {
        let pieces = CutFile(file)
        var reader = BackupReader(opening, hash: hash)
        var events: [BackupEvent] = []
        while try await reader.fill(from: { await pieces.next() }) { while let event = try reader.next() { events.append(event) } }
        _ = try reader.finished()
        return events
    }

    /// The content that a writer makes of what was read.
    private static func written(_ events: [BackupEvent]) throws -> [UInt8] {
        var content: [UInt8] = []
        for event in events {
            switch event {
            case .item(let item): content += item.framed
            case .version(let number, let manifest, let values):
                content += BackupItem.version(number, manifest).framed
                for value in values { content += BackupItem.valueHead(value.byteCount) + value.bytes }
            }
        }
        return content
    }

    private static func word(_ error: BackupError) -> String {
        switch error {
        case .wrongPassword: "wrong-password"
        case .wrongKey: "wrong-key"
        case .needsPassword: "needs-password"
        case .needsIdentity: "needs-identity"
        default: String(error.code.dropFirst("backup.".count))
        }
    }
}

/// Bytes that come in pieces of another length each time.
actor CutFile {
    private var rest: ArraySlice<UInt8>
    private var draws = RandomDraws()

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    func next() -> [UInt8]? {
        guard !rest.isEmpty else { return nil }
        let part = rest.prefix(Int.random(in: 1...100_000, using: &draws))
        rest = rest.dropFirst(part.count)
        return Array(part)
    }
}
