import Envelopes
import Foundation
import Model
import Testing

/// One scenario of `vectors/envelopes`: what is given, and what class of outcome is expected. Bytes are hexadecimal.
struct Vector: Decodable, Sendable, CustomTestStringConvertible {
    var name: String?
    let expect: String
    let reason: String
    var key: String?
    var nonce: String?
    var context: Context?
    var plaintext: String?
    var sealed: String?
    var inner: String?
    var wrapped: String?
    var opensUnder: String?
    var text: String?
    var recovery: String?
    var password: String?
    var hashed: String?
    var phc: String?
    var root: String?
    var slot: String?
    var other: String?
    var generation: Int64?
    var again: String?

    struct Context: Decodable, Sendable {
        let purpose: String
        let organization: String
        var project: String?
        var environment: String?
        var secret: String?
        var record: String?
        var version: Int64?
        var field: Int64?
        let generation: Int64
    }

    var testDescription: String { "\(name ?? ""): \(reason)" }
}

/// The folder of vectors.
enum Vectors {
    struct Missing: Error {}

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../../vectors/envelopes").standardizedFileURL

    static func data(_ name: String) throws -> Data { try Data(contentsOf: folder.appending(path: "\(name).json")) }

    static func one(_ name: String) throws -> Vector { try table(name, of: Vector.self) }

    static func table<Table: Decodable>(_ name: String, of type: Table.Type) throws -> Table {
        try JSONDecoder().decode(type, from: data(name))
    }

    /// All scenarios whose file name begins so; another number than `count` is an error.
    static func all(_ prefix: String, count: Int) throws -> [Vector] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            .filter { $0.hasPrefix(prefix) && $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }
        guard names.count == count else { throw Missing() }
        return try names.map { name in
            var vector = try one(name)
            vector.name = name
            return vector
        }
    }
}

func bytes(_ text: String?) throws -> [UInt8] {
    guard let text, let bytes = [UInt8](hexadecimal: text) else { throw Vectors.Missing() }
    return bytes
}

/// A secret value of these bytes.
func secret(_ bytes: [UInt8]) -> SecretValue {
    var copy = Array(bytes)
    return SecretValue(moving: &copy)
}

func secret(_ text: String) -> SecretValue { secret(Array(text.utf8)) }

/// A random source that gives these bytes, once.
func giving(_ bytes: [UInt8]) -> RandomBytes {
    RandomBytes { count in
        precondition(count == bytes.count); return bytes
    }
}

extension Vector.Context {
    func sealContext() throws -> SealContext {
        guard let purpose = Purpose(rawValue: purpose), let organization = OrganizationID(organization) else { throw Vectors.Missing() }
        return SealContext(
            purpose, organization: organization, project: project.flatMap { ProjectID($0) }, environment: environment.flatMap { EnvironmentID($0) },
            secret: secret.flatMap { SecretID($0) }, record: record.flatMap { AnyRecordID($0) }, version: version, field: field,
            generation: generation)
    }
}

/// The class of an outcome, as vectors name it: the error's code without its area.
func outcome(_ body: () throws -> Void) -> String {
    do {
        try body()
        return "opens"
    } catch let error as any Diagnosable {
        return String(error.code.split(separator: ".")[1])
    } catch {
        return "\(error)"
    }
}
