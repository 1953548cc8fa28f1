import Auditing
import Model
import Storage

/// A part of a backup that is stored in one transaction, in order.
struct RestorePortion: Sendable {
    fileprivate enum Piece: Sendable {
        case change(Change)
        case secret(SecretRecord, SecretMetadata)
        case version(Int64, Manifest, [SecretValue], of: SecretRecord)
    }

    private static let most = (pieces: 1024, byteCount: 4 << 20)
    /// So much is sealed by one task.
    private static let slice = (pieces: 64, byteCount: 1 << 20)

    private var pieces: [Piece] = []
    private var byteCount = 0

    var isEmpty: Bool { pieces.isEmpty }
    var isFull: Bool { pieces.count >= Self.most.pieces || byteCount >= Self.most.byteCount }

    /// Adds what is sealed already.
    mutating func add(_ change: Change) { pieces.append(.change(change)) }

    mutating func add(_ secret: SecretRecord, _ metadata: SecretMetadata) { pieces.append(.secret(secret, metadata)) }

    mutating func add(_ manifest: Manifest, _ values: [SecretValue], as number: Int64, of secret: SecretRecord) {
        let piece = Piece.version(number, manifest, values, of: secret)
        pieces.append(piece)
        byteCount += piece.byteCount
    }

    /// Seals all of it under the keys of a vault, parts of it beside each other: what to store, and the rows that come with it.
    func sealed(in vault: OpenVault) async throws -> (operations: [Batch.Operation], rows: [DigestedRow]) {
        let changes = try await withThrowingTaskGroup(of: (Int, Change).self) { group in
            for (index, slice) in slices().enumerated() { group.addTask { (index, try await Self.sealed(slice, in: vault)) } }
            var changes: [(Int, Change)] = []
            for try await change in group { changes.append(change) }
            return changes.sorted { $0.0 < $1.0 }.map(\.1)
        }
        return (changes.flatMap(\.operations), changes.flatMap(\.added))
    }

    private func slices() -> [ArraySlice<Piece>] {
        var slices: [ArraySlice<Piece>] = []
        var (start, byteCount) = (0, 0)
        for (index, piece) in pieces.enumerated() {
            byteCount += piece.byteCount
            guard index + 1 - start >= Self.slice.pieces || byteCount >= Self.slice.byteCount || index + 1 == pieces.count else { continue }
            slices.append(pieces[start...index])
            (start, byteCount) = (index + 1, 0)
        }
        return slices
    }

    private static func sealed(_ pieces: ArraySlice<Piece>, in vault: OpenVault) async throws -> Change {
        var change = Change()
        for piece in pieces {
            switch piece {
            case .change(let made): change.add(made)
            case .secret(let secret, let metadata): try await vault.shelf.put(secret, metadata: metadata, into: &change)
            case .version(let number, let manifest, let values, let secret):
                let fields = zip(manifest.fields, values).map { (field: $0, value: $1) }
                try await vault.shelf.seal(fields, as: number, of: secret, now: manifest.createdAt, into: &change)
            }
        }
        return change
    }
}

extension RestorePortion.Piece {
    fileprivate var byteCount: Int { if case .version(_, _, let values, _) = self { values.reduce(0) { $0 + $1.byteCount } } else { 0 } }
}
