import Envelopes
import Model
import Storage

/// Something of a portion, as it was found.
enum RotationPart: Sendable {
    /// What is ready already.
    case change(Change)
    /// Rows of secrets: those that move, and others of the same page, which are only held against their MACs.
    case rows(ArraySlice<Record>, besides: ArraySlice<Record>, in: Place)
    /// Data keys that come under the newest key of their project.
    case keys(ArraySlice<StoredDataKey>, in: Place)
}

extension RotationWalk {
    /// How many rows and data keys are made ready by one task.
    private static let ofOneTask = (rows: 64, keys: 256)

    /// What the portion stores: each part of it made ready beside the others, in the order in which they were found.
    func change() async throws -> Change {
        let vault = vault
        let slices = parts.flatMap { $0.sliced(Self.ofOneTask) }
        let ready = try await withThrowingTaskGroup(of: (Int, Change).self) { group in
            for (position, slice) in slices.enumerated() { group.addTask { (position, try await slice.change(in: vault)) } }
            var ready = [Change](repeating: Change(), count: slices.count)
            for try await (position, change) in group { ready[position] = change }
            return ready
        }
        return ready.reduce(into: Change()) { $0.add($1) }
    }
}

extension RotationPart {
    /// The same in pieces, one for each task.
    fileprivate func sliced(_ most: (rows: Int, keys: Int)) -> [RotationPart] {
        switch self {
        case .change: [self]
        case .rows(let moving, let besides, let place):
            moving.pieces(of: most.rows).map { .rows($0, besides: [], in: place) }
                + besides.pieces(of: most.rows).map { .rows([], besides: $0, in: place) }
        case .keys(let keys, let place): keys.pieces(of: most.keys).map { .keys($0, in: place) }
        }
    }

    fileprivate func change(in vault: OpenVault) async throws -> Change {
        switch self {
        case .change(let change): return change
        case .rows(let moving, let besides, let place):
            for row in besides { try vault.book.check(row) }
            return try await vault.shelf.moved(moving, in: place, to: vault.keyring.projectKey(place.project), random: vault.random)
        case .keys(let keys, let place):
            return try await FieldMover(vault: vault, place: place, newest: vault.keyring.projectKey(place.project)).rewrap(keys)
        }
    }
}

extension ArraySlice {
    fileprivate func pieces(of count: Int) -> [ArraySlice] {
        stride(from: startIndex, to: endIndex, by: count).map { self[$0..<Swift.min($0 + count, endIndex)] }
    }
}
