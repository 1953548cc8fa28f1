import Auditing
import Foundation
import Model
import PlaintextDoor
import TestKit
import Testing

/// Reads a file of `vectors/auditing`.
func vectors<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
    let root = (0..<4).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
    return try JSONDecoder().decode(Value.self, from: Data(contentsOf: root.appending(path: "vectors/auditing/\(name).json")))
}

func bytes(_ hexadecimal: String) throws -> [UInt8] { try #require([UInt8](hexadecimal: hexadecimal)) }

func key(_ material: [UInt8]) -> SecretValue {
    var material = material
    return SecretValue(moving: &material)
}

func key(_ byte: UInt8) -> SecretValue { key([UInt8](repeating: byte, count: 32)) }

/// A log as storage keeps it, with the keys of its owner.
struct TestLog {
    struct Row: Equatable {
        var index: Int64
        var sealed: [UInt8]
        var chain: [UInt8]
    }

    let organization = RecordID<OrganizationKind>(bytes: [UInt8](repeating: 7, count: 16)) ?? OrganizationID(random: .system)
    let chainKey: ChainKey
    let signer: CheckpointSigner
    var head: LogHead
    var rows: [Row] = []

    init(entries: Int, marked mark: UInt8 = 0, key material: UInt8 = 1) throws {
        chainKey = try ChainKey(key(material))
        signer = try CheckpointSigner(seed: key(2), origin: "tacit.example/log")
        head = LogHead(organization: organization)
        for number in 0..<entries { append([UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 20 + number % 5) + [mark]) }
    }

    mutating func append(_ sealed: [UInt8]) {
        let index = head.size
        rows.append(Row(index: index, sealed: sealed, chain: head.append(sealed, key: chainKey)))
    }

    func checkpoint() throws -> SignedCheckpoint { try signer.sign(head) }

    /// Gives the rows the indices of their places, as a thief who covers a removal would.
    mutating func renumber() {
        for place in rows.indices { rows[place].index = Int64(place) }
    }

    func verdict(
        stored: [SignedCheckpoint] = [], kept: [SignedCheckpoint] = [], withKey: Bool = true, withVerifierKey: Bool = true, from start: LogHead? = nil
    ) throws -> LogVerdict {
        var verifier = try LogVerifier(
            organization: organization, key: withKey ? chainKey : nil, verifierKey: withVerifierKey ? signer.verifierKey : nil,
            checkpoints: stored, trusted: kept, startingAt: start)
        for row in rows where row.index >= start?.size ?? 0 {
            if let broken = verifier.take(index: row.index, sealed: row.sealed, chain: row.chain) {
                #expect(verifier.finish() == .broken(broken), "what `take` returned is what `finish` says")
                return .broken(broken)
            }
        }
        return verifier.finish()
    }
}

extension LogVerdict {
    var broken: LogBreak? {
        guard case .broken(let broken) = self else { return nil }
        return broken
    }

    var isIntact: Bool { broken == nil }
}

extension AuditEntry {
    /// An entry like those the keeper writes.
    static func sample(
        _ kind: AuditActor.Kind = .agent, action: AuditAction = .secretExists, name: String = "CANARY-name", code: String? = "policy.no-match",
        process: Int32 = 10, at seconds: Int64 = 0
    ) -> AuditEntry {
        AuditEntry(
            clock: .at(seconds), actor: .sample(kind, process: process), source: .mcp, mode: .reference, action: action,
            subjects: [AuditSubject(name: name)], decision: code.map { .deny(code: $0) } ?? .allow())
    }
}

extension AuditActor {
    static func sample(_ kind: Kind, process: Int32 = 10, executable: String = "/usr/bin/agent", name: String? = "CANARY-agent") -> AuditActor {
        AuditActor(
            kind: kind, agentName: kind == .agent ? name : nil, userID: 1000, userName: "ada", host: "engine", process: process,
            executable: executable, platform: "linux")
    }
}

extension ClockReading {
    static let firstBoot = BootID(bytes: [UInt8](repeating: 1, count: 16)) ?? BootID(random: .system)
    static let secondBoot = BootID(bytes: [UInt8](repeating: 2, count: 16)) ?? BootID(random: .system)

    /// A reading a while after 2026-11-21T08:00:00Z, which was an hour after the boot; `wall` moves the time of day alone.
    static func at(_ seconds: Int64, wall shift: Int64 = 0, boot: BootID = firstBoot, bootTime: Int64? = nil) -> ClockReading {
        ClockReading(
            wall: Timestamp(nanoseconds: (1_795_248_000 + seconds + shift) * 1_000_000_000), bootID: boot,
            bootTime: (bootTime ?? 3600 + seconds) * 1_000_000_000)
    }
}
