import Model
package import Storage

extension SQLConnection {
    /// Stores the batches as `BatchStore.commit` promises: one transaction, each batch under a savepoint of its own.
    package func commit(_ batches: [Batch]) throws(StoreError) -> [Result<Void, StoreError>] {
        guard !batches.isEmpty else { return [] }
        _ = try run(.begin, [])
        do {
            let results = try batches.count == 1 ? applyAlone(batches[0]) : applyEach(batches)
            _ = try run(.commit, [])
            return results
        } catch {
            try? execute(script: "ROLLBACK")
            throw error
        }
    }

    /// A batch that is the only one of its transaction needs no savepoint: there is nothing else to keep.
    private func applyAlone(_ batch: Batch) throws(StoreError) -> [Result<Void, StoreError>] {
        var log = LogEnds()
        do throws(StoreError) {
            try apply(batch, &log)
            return [.success(())]
        } catch {
            guard error.concernsOneBatch else { throw error }
            try execute(script: "ROLLBACK")
            _ = try run(.begin, [])
            return [.failure(error)]
        }
    }

    private func applyEach(_ batches: [Batch]) throws(StoreError) -> [Result<Void, StoreError>] {
        var results: [Result<Void, StoreError>] = []
        results.reserveCapacity(batches.count)
        var log = LogEnds()
        for batch in batches {
            let before = log
            _ = try run(.savepoint, [])
            do throws(StoreError) {
                try apply(batch, &log)
                results.append(.success(()))
            } catch {
                guard error.concernsOneBatch else { throw error }
                _ = try run(.rollbackToSavepoint, [])
                results.append(.failure(error))
                log = before
            }
            _ = try run(.release, [])
        }
        return results
    }

    private func apply(_ batch: Batch, _ log: inout LogEnds) throws(StoreError) {
        for operation in batch.operations { try apply(operation, &log) }
    }

    private func apply(_ operation: Batch.Operation, _ log: inout LogEnds) throws(StoreError) {
        guard operation.isWellFormed else { throw .malformedRow }
        switch operation {
        case .append(let entry):
            let next = try log.end(of: entry.organization, on: self)
            guard entry.index == next else { throw .staleLog(expected: next) }
            try changeOneRow(entry.insertion, otherwise: .staleLog(expected: next))
            log.ends[entry.organization] = next + 1
        case .expectNewestKey(let owner, let generation, let organization):
            guard try newestGeneration(of: owner, in: organization) == generation else { throw .conflict(.project) }
        case .rewriteRecords(let rewrite):
            try apply(rewrite)
            for operation in try rewrite.operationsBehind() { try apply(operation, &log) }
        case .pruneLog(let size, let kept, let organization): try prune(before: size, keeping: kept, in: organization)
        case .put(let record, replacing: let replaced?):
            guard let step = operation.step else { return }
            if try !changesOneRow(step) { try changeOneRow(record.renaming(of: replaced), otherwise: .conflict(record.kind)) }
        default: if let step = operation.step { try changeOneRow(step, otherwise: .conflict(step.kind)) }
        }
    }

    /// Each page is read whole before its rows are replaced.
    private func apply(_ rewrite: RecordRewrite) throws(StoreError) {
        for kind in RecordRewrite.kinds {
            var after: AnyRecordID?
            while true {
                let page = try records(kind, parent: nil, after: after, limit: RecordRewrite.pageCount, in: rewrite.organization)
                for operation in try rewrite.replacements(of: page) {
                    guard operation.isWellFormed, case .put(let record, replacing: let replaced?) = operation else { throw .malformedRow }
                    try changeOneRow(record.renaming(of: replaced), otherwise: .conflict(kind))
                }
                guard page.count == RecordRewrite.pageCount else { break }
                after = page.last?.id
            }
        }
    }

    /// The anchors come first: they are what lets the other rows go, and lets these stay.
    private func prune(before size: Int64, keeping kept: [Int64], in organization: OrganizationID) throws(StoreError) {
        for kept in kept { _ = try run(.keepCheckpoint, [.id(organization), .integer(kept)]) }
        let values: [SQLValue] = [.id(organization), .integer(size)]
        try changeOneRow(SQLStep(.insertAnchor, values), otherwise: .conflict(nil))
        for statement in [SQLStatement.pruneEntries, .pruneCheckpoints] { _ = try run(statement, values) }
    }

    /// Runs a statement that must change exactly one row.
    private func changeOneRow(_ step: SQLStep, otherwise failure: StoreError) throws(StoreError) {
        guard try changesOneRow(step) else { throw failure }
    }

    /// Runs a statement, and tells whether it changed one row; none that the schema's own rules refuse.
    private func changesOneRow(_ step: SQLStep) throws(StoreError) -> Bool {
        do throws(StoreError) { return try run(step.statement, step.values) == 1 } catch {
            if case .conflict = error { return false }
            throw error
        }
    }
}

/// The position that follows the last entry of each organization's log, as far as this transaction has asked.
private struct LogEnds {
    var ends: [OrganizationID: Int64] = [:]

    func end(of organization: OrganizationID, on connection: some SQLConnection) throws(StoreError) -> Int64 {
        if let known = ends[organization] { return known }
        return try connection.nextPosition(in: organization)
    }
}

extension StoreError {
    /// Whether the error is about one batch and leaves the store itself sound.
    fileprivate var concernsOneBatch: Bool {
        switch self {
        case .conflict, .staleLog, .malformedRow: true
        default: false
        }
    }
}
