import Model
import Storage

/// Where a record lies.
struct Place: Hashable {
    let organization: OrganizationID
    let id: AnyRecordID

    init(_ organization: OrganizationID, _ id: AnyRecordID) {
        self.organization = organization
        self.id = id
    }
}

/// What a record is looked up by.
struct Name: Hashable {
    let organization: OrganizationID
    let kind: RecordKind
    let lookup: [UInt8]

    init(_ organization: OrganizationID, _ kind: RecordKind, _ lookup: [UInt8]) {
        self.organization = organization
        self.kind = kind
        self.lookup = lookup
    }
}

/// A version with everything that goes when it goes.
struct VersionRows {
    let version: StoredVersion
    var keys: [StoredDataKey] = []
    var ciphertexts: [StoredCiphertext] = []
}

/// The rows of an in-memory store. Each change notes how it is undone.
struct StoredRows {
    private(set) var records: [Place: Record] = [:]
    private(set) var lookups: [Name: AnyRecordID] = [:]
    private(set) var keys: [Place: [StoredKey]] = [:]
    private(set) var versions: [Place: [Int64: VersionRows]] = [:]
    private(set) var entries: [OrganizationID: [StoredEntry]] = [:]
    private(set) var checkpoints: [OrganizationID: [StoredCheckpoint]] = [:]
    /// Where the log was pruned, in order.
    private(set) var anchors: [OrganizationID: [Int64]] = [:]
    /// The index of the first entry of all.
    var logStart: Int64 = 0
    /// How many records lie in one.
    private var children: [Place: Int] = [:]
    private var undo: [(inout StoredRows) -> Void] = []

    /// Forgets how earlier batches are undone, and returns where this one begins.
    var mark: Int {
        mutating get {
            undo.removeAll(keepingCapacity: true)
            return 0
        }
    }

    mutating func rollBack(to mark: Int) {
        while undo.count > mark, let step = undo.popLast() { step(&self) }
    }

    mutating func apply(_ operation: Batch.Operation) throws(StoreError) {
        guard operation.isWellFormed else { throw .malformedRow }
        switch operation {
        case .put(let record, replacing: nil): try insert(record)
        case .put(let record, .some(let revision)): try replace(record, at: revision)
        case .remove(let kind, let id, let revision, let organization): try remove(kind, Place(organization, id), at: revision)
        case .insertKey(let key): try insert(key)
        case .deleteKey(let owner, let generation, let wrapping, let organization):
            try deleteKey(Place(organization, owner)) { $0.generation == generation && $0.wrapping == wrapping }
        case .expectNewestKey(let owner, let generation, let organization):
            guard keys[Place(organization, owner)]?.map(\.generation).max() == generation else { throw .conflict(.project) }
        case .insertVersion(let version): try insert(version)
        case .deleteVersion(let secret, let number, let organization): try deleteVersion(number, of: Place(organization, secret.cast()))
        case .append(let entry): try append(entry)
        case .insertCheckpoint(let checkpoint): try insert(checkpoint)
        case .pruneLog(let size, let kept, let organization): try prune(before: size, keeping: kept, in: organization)
        case .insertDataKey, .rewrapDataKey, .deleteDataKey, .insertCiphertext, .deleteCiphertext: try applyToVersion(operation)
        case .rewriteRecords(let rewrite): try apply(rewrite)
        }
    }

    /// In pages smaller than they may be.
    private mutating func apply(_ rewrite: RecordRewrite) throws(StoreError) {
        for kind in RecordRewrite.kinds {
            let rows = records.values.filter { $0.organization == rewrite.organization && $0.kind == kind }.sorted { $0.id < $1.id }
            for start in stride(from: 0, to: rows.count, by: 3) {
                for operation in try rewrite.replacements(of: Array(rows[start..<min(start + 3, rows.count)])) { try apply(operation) }
            }
        }
        for operation in try rewrite.operationsBehind() { try apply(operation) }
    }
}

extension StoredRows {
    private mutating func insert(_ record: Record) throws(StoreError) {
        let place = Place(record.organization, record.id)
        guard records[place] == nil, isFree(record.lookup, for: record) else { throw .conflict(record.kind) }
        if let parent = record.parent {
            guard records[Place(record.organization, parent)] != nil else { throw .conflict(record.kind) }
        }
        set(record, at: place)
    }

    private mutating func replace(_ record: Record, at revision: Int64) throws(StoreError) {
        let place = Place(record.organization, record.id)
        guard let old = records[place], old.revision == revision, old.kind == record.kind, old.parent == record.parent else {
            throw .conflict(record.kind)
        }
        guard record.lookup == old.lookup || isFree(record.lookup, for: record) else { throw .conflict(record.kind) }
        set(record, at: place)
    }

    private mutating func remove(_ kind: RecordKind, _ place: Place, at revision: Int64) throws(StoreError) {
        guard let old = records[place], old.kind == kind, old.revision == revision else { throw .conflict(kind) }
        let isInUse = children[place, default: 0] > 0 || !(versions[place] ?? [:]).isEmpty || !(keys[place] ?? []).isEmpty
        guard !isInUse else { throw .conflict(kind) }
        set(nil, at: place)
    }

    private func isFree(_ lookup: [UInt8]?, for record: Record) -> Bool {
        lookup.map { lookups[Name(record.organization, record.kind, $0)] == nil } ?? true
    }

    /// Puts a record, or nothing, in a place, with all that is derived from it.
    private mutating func set(_ record: Record?, at place: Place) {
        let old = records[place]
        records[place] = record
        for (changed, step) in [(old, -1), (record, 1)] {
            guard let changed else { continue }
            if let parent = changed.parent { children[Place(changed.organization, parent), default: 0] += step }
            if let lookup = changed.lookup { lookups[Name(changed.organization, changed.kind, lookup)] = step < 0 ? nil : changed.id }
        }
        undo.append { rows in
            rows.set(old, at: place)
            rows.undo.removeLast()
        }
    }
}

extension StoredRows {
    private mutating func insert(_ key: StoredKey) throws(StoreError) {
        let place = Place(key.organization, key.owner)
        let isThere = (keys[place] ?? []).contains { $0.generation == key.generation && $0.wrapping == key.wrapping }
        guard records[place] != nil, !isThere else { throw .conflict(nil) }
        keys[place, default: []].append(key)
        undo.append { $0.keys[place]?.removeLast() }
    }

    private mutating func deleteKey(_ place: Place, where isMeant: (StoredKey) -> Bool) throws(StoreError) {
        guard let index = keys[place]?.firstIndex(where: isMeant), let old = keys[place] else { throw .conflict(nil) }
        keys[place]?.remove(at: index)
        undo.append { $0.keys[place] = old }
    }

    private mutating func insert(_ version: StoredVersion) throws(StoreError) {
        let place = Place(version.organization, version.secret.cast())
        guard records[place] != nil, versions[place]?[version.number] == nil else { throw .conflict(.secret) }
        versions[place, default: [:]][version.number] = VersionRows(version: version)
        undo.append { $0.versions[place]?[version.number] = nil }
    }

    private mutating func deleteVersion(_ number: Int64, of place: Place) throws(StoreError) {
        guard let old = versions[place]?[number] else { throw .conflict(.secret) }
        versions[place]?[number] = nil
        undo.append { $0.versions[place]?[number] = old }
    }

    private mutating func applyToVersion(_ operation: Batch.Operation) throws(StoreError) {
        switch operation {
        case .insertDataKey(let key):
            try change(key.address, key.organization) { rows throws(StoreError) in
                guard !rows.keys.contains(where: { $0.address == key.address && $0.seal == key.seal }) else { throw .conflict(.secret) }
                rows.keys.append(key)
            }
        case .rewrapDataKey(let key, let replaced):
            try change(key.address, key.organization) { rows throws(StoreError) in
                let index = rows.keys.firstIndex { $0.address == key.address && $0.generation == replaced && $0.seal == key.seal }
                guard let index else { throw .conflict(.secret) }
                rows.keys[index] = key
            }
        case .deleteDataKey(let address, let generation, let seal, let organization):
            try change(address, organization) { rows throws(StoreError) in
                let index = rows.keys.firstIndex { $0.address == address && $0.generation == generation && $0.seal == seal }
                guard let index else { throw .conflict(.secret) }
                rows.keys.remove(at: index)
            }
        case .insertCiphertext(let text):
            try change(text.address, text.organization) { rows throws(StoreError) in
                guard !rows.ciphertexts.contains(where: { $0.address == text.address && $0.seal == text.seal }) else { throw .conflict(.secret) }
                rows.ciphertexts.append(text)
            }
        case .deleteCiphertext(let address, let seal, let organization):
            try change(address, organization) { rows throws(StoreError) in
                let index = rows.ciphertexts.firstIndex { $0.address == address && $0.seal == seal }
                guard let index else { throw .conflict(.secret) }
                rows.ciphertexts.remove(at: index)
            }
        default: break
        }
    }

    private mutating func change(
        _ address: FieldAddress, _ organization: OrganizationID, _ body: (inout VersionRows) throws(StoreError) -> Void
    ) throws(StoreError) {
        let place = Place(organization, address.secret.cast())
        guard let old = versions[place]?[address.version] else { throw .conflict(.secret) }
        var rows = old
        try body(&rows)
        versions[place]?[address.version] = rows
        undo.append { $0.versions[place]?[address.version] = old }
    }

    private mutating func append(_ entry: StoredEntry) throws(StoreError) {
        let next = nextIndex(in: entry.organization)
        guard entry.index == next else { throw .staleLog(expected: next) }
        entries[entry.organization, default: []].append(entry)
        undo.append { $0.entries[entry.organization]?.removeLast() }
    }

    private mutating func insert(_ checkpoint: StoredCheckpoint) throws(StoreError) {
        let old = checkpoints[checkpoint.organization] ?? []
        let index = old.firstIndex { $0.size >= checkpoint.size } ?? old.count
        guard index == old.count || old[index].size != checkpoint.size else { throw .conflict(nil) }
        checkpoints[checkpoint.organization, default: []].insert(checkpoint, at: index)
        // Those that a log which was pruned has of its beginning are anchors.
        let pruned = anchors[checkpoint.organization] ?? []
        if logStart > 0, checkpoint.size <= logStart { anchors[checkpoint.organization] = pruned + [checkpoint.size] }
        undo.append { rows in (rows.checkpoints[checkpoint.organization], rows.anchors[checkpoint.organization]) = (old, pruned) }
    }

    func nextIndex(in organization: OrganizationID) -> Int64 { entries[organization]?.last.map { $0.index + 1 } ?? logStart }

    private mutating func prune(before size: Int64, keeping kept: [Int64], in organization: OrganizationID) throws(StoreError) {
        let (old, stored, pruned) = (entries[organization] ?? [], checkpoints[organization] ?? [], anchors[organization] ?? [])
        let isHeld = stored.contains { $0.size == size } && stored.contains { $0.size > size } && old.contains { $0.index >= size }
        guard isHeld, pruned.allSatisfy({ $0 < size }) else { throw .conflict(nil) }
        entries[organization] = old.filter { $0.index >= size }
        let staying = stored.map(\.size).filter { kept.contains($0) && $0 > pruned.last ?? 0 }
        checkpoints[organization] = stored.filter { $0.size >= size || pruned.contains($0.size) || staying.contains($0.size) }
        anchors[organization] = pruned + staying + [size]
        undo.append { rows in (rows.entries[organization], rows.checkpoints[organization], rows.anchors[organization]) = (old, stored, pruned) }
    }
}
