import Envelopes
import Foundation
import Model
import PlaintextDoor
import Storage
import Synchronization
import TestKit

@testable import Secrets

/// A file of `vectors/records`: cases, how many there are, and what they have in common. Bytes are hexadecimal.
struct RecordTable<Case: Decodable & Sendable, Common: Decodable & Sendable>: Sendable {
    let cases: [Case]
    let common: Common

    /// Reads a file; another number of cases than the test knows is an error.
    init(_ name: String, count: Int) throws {
        let file = try Data(contentsOf: URL(filePath: "\(GoldenFile.repositoryRoot)/vectors/records/\(name).json"))
        let table = try JSONDecoder().decode(Counted<Case>.self, from: file)
        guard table.count == count, table.cases.count == count else {
            throw TestFailure("vectors/records/\(name).json says \(table.count) cases and has \(table.cases.count); the test knows \(count)")
        }
        cases = table.cases
        common = try JSONDecoder().decode(Common.self, from: file)
    }
}

private struct Counted<Case: Decodable>: Decodable {
    let count: Int
    let cases: [Case]
}

/// A vector that cannot be understood fails its test.
func hex(_ text: String) throws -> [UInt8] {
    guard let bytes = [UInt8](hexadecimal: text) else { throw TestFailure("a vector has no hexadecimal where there must be some") }
    return bytes
}

func vectorID<Kind>(_ text: String, of kind: Kind.Type = Kind.self) throws -> RecordID<Kind> {
    guard let id = RecordID<Kind>(text) else { throw TestFailure("a vector has no id where there must be one") }
    return id
}

func wrappingKey(_ text: String) throws -> WrappingKey {
    var material = try hex(text)
    return try WrappingKey(material: SecretValue(moving: &material))
}

/// What rows are made with.
struct VectorKeys: Decodable, Sendable {
    var organization: String?
    let organizationKey: String
    var formerKey: String?

    func keyring() throws -> Keyring {
        try Keyring(
            organization: try organization.map { try vectorID($0) } ?? OrganizationID(random: .system), root: LocalRootKey(key: .generate()),
            rootGeneration: 1, organizationKey: wrappingKey(organizationKey), organizationGeneration: 1, store: InMemoryStore())
    }
}

/// A row of `record` as a vector gives it.
struct VectorRow: Decodable, Sendable {
    let organization: String, kind: String, id: String, parent: String?, lookup: String?, revision: Int64, content: String, mac: String

    func record() throws -> Record {
        guard let kind = RecordKind(rawValue: kind) else { throw TestFailure("a vector has a kind that does not exist") }
        return Record(
            organization: try vectorID(organization), kind: kind, id: try vectorID(id), parent: try parent.map { try vectorID($0) },
            lookup: try lookup.map(hex), revision: revision, content: try hex(content), mac: try hex(mac))
    }
}

/// Gives these pieces, one for each call; what is drawn beyond them, or in another length, is a mistake that the result shows.
func giving(_ pieces: [[UInt8]]) -> RandomBytes {
    let rest = Pieces(pieces)
    return RandomBytes { rest.next($0) }
}

private final class Pieces: Sendable {
    private let rest: Mutex<ArraySlice<[UInt8]>>

    init(_ pieces: [[UInt8]]) { rest = Mutex(pieces[...]) }

    func next(_ count: Int) -> [UInt8] {
        let piece = rest.withLock { $0.popFirst() } ?? []
        return piece.count == count ? piece : [UInt8](repeating: 0, count: count)
    }
}
