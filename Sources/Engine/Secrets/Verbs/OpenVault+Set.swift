import Auditing
package import Model
import Storage

/// What a `set` writes.
package struct SecretWrite: Sendable {
    package var name: SecretName
    package var fields: [Field]
    /// Drops the fields that are not written; otherwise they are kept.
    package var replacesFields = false
    package var tags: [String]?
    package var description: String?
    package var note: String?
    package var url: String?
    package var expiry: Expiry?
    package var bindings: [(variable: String, field: SegmentName)] = []
    /// The version the writer saw; 0 for "there is none yet".
    package var expectedVersion: Int64?

    package struct Field: Sendable {
        package var name: SegmentName
        package var kind: FieldKind
        package var value: SecretValue

        package init(name: SegmentName, kind: FieldKind, value: SecretValue) {
            self.name = name
            self.kind = kind
            self.value = value
        }
    }

    package init(name: SecretName, fields: [Field]) {
        self.name = name
        self.fields = fields
    }
}

/// When a secret stops being usable.
package enum Expiry: Sendable, Equatable {
    case never
    case after(Duration)
}

/// What is current after a write.
package struct WriteResult: Sendable {
    package var name: SecretName
    package var version: Int64
    package var revision: Int64
    package var notices: [String] = []
}

/// A write that is ready to be stored, with the entries of what it brings about besides.
struct ReadyWrite: Sendable {
    var change: Change
    var result: WriteResult
    var subject: AuditSubject
    var met = ProposalsMet()
}

extension OpenVault {
    /// The most bytes that the fields of one version have together.
    package static let maximumVersionBytes = 4 << 20

    /// The most fields of one version.
    package static let maximumFields = 64

    /// Writes a new version of a secret, or its first.
    package func set(_ write: SecretWrite, in scope: Scope, by asker: Asker) async throws -> WriteResult {
        try await retrying { try await setOnce(write, in: scope, by: asker) }
    }

    private func setOnce(_ write: SecretWrite, in scope: Scope, by asker: Asker) async throws -> WriteResult {
        let act = Act(.secretSet, .write, .person)
        let found = try await sought(write.name, in: scope, for: act, by: asker)
        let target = target(scope, write.name, found).present
        let permit = try await authorizer.permit(act, by: asker, on: [target])
        guard let place = try await place(scope) else { throw try await absence(of: scope, to: asker) }
        if found?.deletedAt != nil { throw EngineError.deleted }
        let current = found?.current ?? 0
        if let expected = write.expectedVersion, expected != current { throw EngineError.revisionMismatch(current: current) }
        let draft = try await draft(write, replacing: found)
        guard draft.isComplete else {
            let access = try await authorizer.begin(permit, on: [target.subject])
            return try await storing(access) { try await stored(draft, write, found, place, by: asker, access: access) }
        }
        let ready = try await stored(draft, write, found, place, by: asker, access: nil)
        try await endingFiles(of: [ready.subject], after: .renewed) {
            try await authorizer.commit(permit, ready.change, on: [ready.subject], after: ready.met.entries)
        }
        if !ready.met.entries.isEmpty { bell.ring() }
        return ready.result
    }

    /// Stores the write that an access allowed, with its outcome; a failure is an outcome too.
    func storing(
        _ access: AuthorizedAccess, _ body: () async throws -> ReadyWrite
    ) async throws -> WriteResult {
        do {
            let ready = try await body()
            try await endingFiles(of: [ready.subject], after: .renewed) {
                try await authorizer.conclude(access, storing: ready.change, on: [ready.subject], after: ready.met.entries)
            }
            if !ready.met.entries.isEmpty { bell.ring() }
            return ready.result
        } catch {
            await authorizer.conclude(access, result: (error as? any Diagnosable)?.code ?? "internal")
            throw error
        }
    }

    typealias VersionField = (field: Manifest.Field, value: SecretValue)

    func stored(
        _ draft: VersionDraft, _ write: SecretWrite, _ found: SecretRecord?, _ place: Place, by asker: Asker, access: AuthorizedAccess?
    ) async throws -> ReadyWrite {
        let fields = try await values(of: draft, found, access: access)
        try Self.checkSizes(fields.map(\.value))
        var change = Change()
        let secret = try await add(write, fields, replacing: found, in: place, to: &change)
        let subject = target(place.scope, write.name, secret, version: secret.current).subject
        var result = WriteResult(name: write.name, version: secret.current, revision: secret.nextRevision)
        let met = try await meetProposals(storing: [write.name], in: place, by: asker, &change)
        result.notices = fields.compactMap(Guessing.notice) + met.notices
        return ReadyWrite(change: change, result: result, subject: subject, met: met)
    }

    /// The values of a version: those that are written, and those of the version before that stay.
    private func values(of draft: VersionDraft, _ found: SecretRecord?, access: AuthorizedAccess?) async throws -> [VersionField] {
        var fields: [VersionField] = []
        for part in draft.parts {
            switch part.source {
            case .written(let value): fields.append((part.field, value))
            case .kept(let ordinal):
                guard let found, let access else { throw EngineError.unreadable }
                fields.append((part.field, try await shelf.open(ordinal, of: found, version: found.current, access: access)))
            }
        }
        return fields
    }

    /// What the next version consists of.
    func draft(_ write: SecretWrite, replacing found: SecretRecord?) async throws -> VersionDraft {
        var before: Manifest?
        if let found { before = try await shelf.manifest(found, version: found.current) }
        return try VersionDraft(write, before: before)
    }

    /// Adds a secret's next version, and its row, to a change. Returns the secret as it will be.
    func add(_ write: SecretWrite, _ fields: [VersionField], replacing found: SecretRecord?, in place: Place, to change: inout Change) async throws
        -> SecretRecord
    {
        let now = clock.now()
        var metadata = SecretMetadata(name: write.name)
        if let found { metadata = try await shelf.metadata(found) }
        try metadata.apply(tags: write.tags, description: write.description, note: write.note, url: write.url)
        var secret = found ?? .fresh(in: place, now: now, random: random)
        secret.apply(write.expiry, now: expiryClock())
        return try await add(secret, metadata, fields, now: now, to: &change)
    }

    /// Adds one version more of a secret to a change.
    func add(_ secret: SecretRecord, _ metadata: SecretMetadata, _ fields: [VersionField], now: Timestamp, to change: inout Change) async throws
        -> SecretRecord
    {
        var next = secret
        next.current += 1
        next.updatedAt = now
        try await shelf.put(next, metadata: metadata, into: &change)
        try await shelf.seal(fields, as: next.current, of: next, now: now, into: &change)
        return next
    }

    static func checkSizes(_ values: [SecretValue]) throws {
        guard values.allSatisfy({ $0.byteCount <= SecretValue.maximumByteCount }) else {
            throw EngineError.invalid("a value is larger than 1 MiB", hint: "store where the data lies, and the key to it here")
        }
        guard values.reduce(0, { $0 + $1.byteCount }) <= maximumVersionBytes else {
            throw EngineError.invalid("the fields of one version are larger than 4 MiB together", hint: nil)
        }
    }
}

extension SecretRecord {
    static func fresh(in place: Place, now: Timestamp, random: RandomBytes) -> SecretRecord {
        let metadata = SealedMetadata(generation: 0, wrapped: [], sealed: [])
        return SecretRecord(id: SecretID(at: now, random: random), place: place, createdAt: now, metadata: metadata)
    }

    mutating func apply(_ expiry: Expiry?, now: Timestamp) {
        switch expiry {
        case .never?: expiresAt = nil
        case .after(let duration)?: expiresAt = now.advanced(by: duration)
        case nil: break
        }
    }
}

extension SecretMetadata {
    /// Takes over what is written; an empty text takes a part away.
    mutating func apply(tags: [String]? = nil, description: String? = nil, note: String? = nil, url: String? = nil) throws {
        if let tags { self.tags = try Self.checkedTags(tags) }
        if let description { self.description = try Self.checked(description, "description", 1000) }
        if let note { self.note = try Self.checked(note, "note", 16_384) }
        if let url { self.url = try Self.checked(url, "URL", 2000) }
    }

    static func checkedTags(_ tags: [String]) throws -> [String] {
        let unique = Set(tags).sorted()
        guard unique.count <= 64 else { throw EngineError.invalid("a secret has at most 64 tags", hint: nil) }
        for tag in unique { _ = try SegmentName(tag, of: .tag) }
        return unique
    }

    private static func checked(_ text: String, _ what: String, _ limit: Int) throws -> String? {
        guard text.utf8.count <= limit else { throw EngineError.invalid("the \(what) is longer than \(limit) bytes", hint: nil) }
        return text.isEmpty ? nil : text
    }
}
