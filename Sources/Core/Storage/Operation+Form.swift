import Model

extension Batch.Operation {
    /// Whether every part has the length and range its column demands. A store refuses what has not, before it looks at any row.
    package var isWellFormed: Bool {
        switch self {
        case .put(let record, let replaced): record.isWellFormed && (replaced.map { $0 >= 1 && record.revision == $0 + 1 } ?? true)
        case .remove(_, _, let replaced, _): replaced >= 1
        case .insertKey(let key): key.generation >= 1 && key.wrapping >= 1 && !key.wrapped.isEmpty
        case .insertVersion(let version): version.number >= 1
        case .insertDataKey(let key): key.isWellFormed
        case .rewrapDataKey(let key, let replaced): key.isWellFormed && replaced >= 1 && key.generation != replaced
        case .insertCiphertext(let text): text.address.isWellFormed && text.seal >= 1 && !text.sealed.isEmpty
        case .append(let entry): entry.index >= 0 && entry.chain.count == 32 && !entry.sealed.isEmpty
        case .insertCheckpoint(let checkpoint): checkpoint.size >= 0 && checkpoint.frontier.count.isMultiple(of: 32) && !checkpoint.note.isEmpty
        case .pruneLog(let size, let kept, _): size >= 1 && kept.allSatisfy { $0 >= 1 && $0 < size }
        case .deleteKey, .expectNewestKey, .deleteVersion, .deleteDataKey, .deleteCiphertext, .rewriteRecords: true
        }
    }
}

extension Record {
    fileprivate var isWellFormed: Bool {
        revision >= 1 && mac.count == 32 && (lookup.map { $0.count == 32 } ?? true) && parent != id
    }
}

extension StoredDataKey {
    fileprivate var isWellFormed: Bool { address.isWellFormed && generation >= 1 && seal >= 1 && !wrapped.isEmpty }
}

extension FieldAddress {
    fileprivate var isWellFormed: Bool { version >= 1 && ordinal >= 0 }
}

extension StoreError {
    /// The error for an operation that is not well formed: a mistake of the program, which repeating does not mend.
    package static let malformedRow = StoreError.failed("a row has a part of the wrong length or range")
}
