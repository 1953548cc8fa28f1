package import Model

/// One atomic change: all of it is stored or none of it. What it expects of the rows it replaces is part of it.
///
/// The operations are applied in order, so a parent comes before what lies in it. None reaches a row of another organization.
package struct Batch: Sendable, Equatable {
    package var operations: [Operation]

    package init(_ operations: [Operation] = []) { self.operations = operations }

    /// One step of a batch.
    package enum Operation: Sendable, Equatable {
        /// Stores a record. `replacing` is the revision it replaces; nil when there must be none yet.
        case put(Record, replacing: Int64?)
        /// Removes a record that stands at this revision.
        case remove(RecordKind, AnyRecordID, replacing: Int64, in: OrganizationID)
        case insertKey(StoredKey)
        case deleteKey(owner: AnyRecordID, generation: Int64, wrapping: Int64, in: OrganizationID)
        /// Stores nothing: the batch holds only while this is the newest generation of the owner's key. What is wrapped under it comes in the same batch.
        case expectNewestKey(owner: AnyRecordID, generation: Int64, in: OrganizationID)
        case insertVersion(StoredVersion)
        /// Removes a version and, with it, whatever data keys and ciphertexts it still has.
        case deleteVersion(secret: SecretID, number: Int64, in: OrganizationID)
        case insertDataKey(StoredDataKey)
        /// Wraps a data key that stands under this generation under another one, in its place: the seal stays.
        case rewrapDataKey(StoredDataKey, replacing: Int64)
        case deleteDataKey(FieldAddress, generation: Int64, seal: Int64, in: OrganizationID)
        case insertCiphertext(StoredCiphertext)
        case deleteCiphertext(FieldAddress, seal: Int64, in: OrganizationID)
        /// Appends an entry; its index must be one past the last.
        case append(StoredEntry)
        case insertCheckpoint(StoredCheckpoint)
        /// Removes the entries before a stored checkpoint's size, and the checkpoints below it but those of the sizes to be kept. A later checkpoint must be there,
        /// and no pruning may have gone as far. What was kept by an earlier one stays.
        case pruneLog(before: Int64, keeping: [Int64], in: OrganizationID)
        /// Replaces every record of an organization by what is made of it, then does what follows of that. It is the last of its batch, which is committed alone.
        case rewriteRecords(RecordRewrite)
    }
}

/// Why a store did not do what was asked. Nothing of the batch was stored.
package enum StoreError: Diagnosable, Equatable {
    /// A record was not at the expected revision, an inserted row existed, a deleted row did not, or a parent is missing.
    case conflict(RecordKind?)
    /// The entry's index is not one past the last: someone else appended.
    case staleLog(expected: Int64)
    /// The disk is full.
    case full
    /// The file is damaged or no vault.
    case damaged(String)
    /// There is no vault in this directory.
    case absent(path: String)
    /// Something else, or nothing, lies where the file was opened: what is written now would be lost, or go to another vault.
    case moved(path: String, isReplaced: Bool)
    /// A log of changes lies there without the database that it is of.
    case strayLog(path: String)
    /// The store was closed.
    case closed
    /// Another process holds the vault.
    case held
    /// The vault was written by a newer program.
    case newer(version: Int64)
    /// A directory or file is open to others; `fix` is the command that mends it.
    case loosePermissions(path: String, fix: String)
    /// A link, or something else, lies where a directory or file of the vault should.
    case misplaced(path: String, thing: String, fix: String)
    /// The system refused something; `reason` is its own words.
    case refusedBySystem(what: String, reason: String)
    /// Anything else the database said, without values.
    case failed(String)

    package var code: String {
        switch self {
        case .conflict: "store.conflict"
        case .staleLog: "store.stale-log"
        case .full: "store.full"
        case .damaged: "store.damaged"
        case .absent: "store.absent"
        case .moved: "store.moved"
        case .strayLog: "store.stray-log"
        case .closed: "store.closed"
        case .held: "store.held"
        case .newer: "store.newer"
        case .loosePermissions: "store.loose-permissions"
        case .misplaced: "store.misplaced"
        case .refusedBySystem: "store.system"
        case .failed: "store.failed"
        }
    }

    package var message: String {
        switch self {
        case .conflict(let kind): "the \(kind?.rawValue ?? "row") was changed by someone else meanwhile"
        case .staleLog: "the audit log was appended to by someone else meanwhile"
        case .full: "the disk is full; nothing was stored"
        case .damaged(let what): "the vault is damaged: \(what)"
        case .absent(let path): "there is no vault in \(path)"
        case .moved(let path, false): "\(path) was moved away or removed while the vault was open"
        case .moved(let path, true): "another file lies at \(path) than the one that was open"
        case .strayLog(let path): "\(path) lies there without its vault.db, and would damage another one"
        case .closed: "the vault was locked meanwhile"
        case .held: "another keeper holds this vault"
        case .newer(let version): "the vault was written by a newer Tacit (schema \(version))"
        case .loosePermissions(let path, _): "\(path) can be reached by other users"
        case .misplaced(let path, let thing, _): "\(path) is no \(thing) of its own"
        case .refusedBySystem(let what, let reason): "\(what): \(reason)"
        case .failed(let what): "the vault could not be read or written: \(what)"
        }
    }

    package var hint: String? {
        switch self {
        case .conflict, .staleLog: "try again"
        case .full: "free some space and try again"
        case .damaged: "restore a backup; `tacit audit verify` names what is broken"
        case .absent: "make one with `tacit init`"
        case .moved(_, false): "bring it back and unlock it with `tacit unlock`, or restore a backup with `tacit restore-backup`"
        case .moved(_, true): "`tacit unlock` opens what lies there now; where the other is meant, bring it back first"
        case .strayLog: "bring the vault.db back that it belongs to, or move it out of the directory"
        case .closed: "unlock it with `tacit unlock`, and try again"
        case .held: "lock it with `tacit lock` there where it is unlocked, with that keeper's `TACIT_VAULT`; or wait until that keeper has ended"
        case .newer: "install that version, or a later one"
        case .loosePermissions(_, let fix), .misplaced(_, _, let fix): fix
        case .refusedBySystem:
            "look at the vault's directory and those above it with `ls -ld`, or name another place: TACIT_VAULT=/another/directory"
        case .failed: nil
        }
    }
}
