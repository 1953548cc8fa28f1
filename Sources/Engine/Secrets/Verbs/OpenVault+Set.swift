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

extension OpenVault {
    /// The most bytes that the fields of one version have together.
    package static let maximumVersionBytes = 4 << 20

    /// Writes a new version of a secret, or its first.
    package func set(_ write: SecretWrite, in scope: Scope, by asker: Asker) async throws -> WriteResult {
        guard !write.fields.isEmpty else { throw EngineError.invalid("a version has at least one field", hint: nil) }
        guard let place = try await place(scope) else { throw EngineError.notFound(.environment) }
        let found = try await shelf.find(write.name, in: place)
        if found?.deletedAt != nil { throw EngineError.deleted }
        if let expected = write.expectedVersion, expected != found?.current ?? 0 {
            throw EngineError.revisionMismatch(current: found?.current ?? 0)
        }
        let act = Act(.secretSet, .write, .person)
        var target = target(scope, write.name, found)
        target.exists = true
        guard let found, !write.replacesFields else {
            let permit = try await authorizer.permit(act, by: asker, on: [target])
            let (change, result, subject) = try await stored(write, kept: [], found: found, place: place)
            try await authorizer.commit(permit, change, on: [subject])
            return result
        }
        let access = try await authorizer.authorize(act, by: asker, on: [target])
        return try await storing(access) {
            let kept = try await keptFields(of: found, besides: write, access: access)
            return try await stored(write, kept: kept, found: found, place: place)
        }
    }

    /// Stores the write that an access allowed, with its outcome; a failure is an outcome too.
    func storing(
        _ access: AuthorizedAccess, _ body: () async throws -> (Change, WriteResult, AuditSubject)
    ) async throws -> WriteResult {
        do {
            let (change, result, subject) = try await body()
            try await authorizer.conclude(access, storing: change, on: [subject])
            return result
        } catch {
            await authorizer.conclude(access, result: (error as? any Diagnosable)?.code ?? "internal")
            throw error
        }
    }

    typealias VersionField = (field: Manifest.Field, value: SecretValue)

    private func keptFields(of secret: SecretRecord, besides write: SecretWrite, access: AuthorizedAccess) async throws -> [VersionField] {
        let manifest = try await shelf.manifest(secret, version: secret.current)
        var kept: [VersionField] = []
        for (position, field) in manifest.fields.enumerated() {
            let written = write.fields.first { $0.name == field.name }
            let value =
                if let written { written.value } else {
                    try await shelf.open(Int64(position + 1), of: secret, version: secret.current, access: access)
                }
            kept.append((Manifest.Field(name: field.name, kind: written?.kind ?? field.kind, binding: field.binding), value))
        }
        return kept
    }

    private func stored(
        _ write: SecretWrite, kept: [VersionField], found: SecretRecord?, place: Place
    ) async throws -> (Change, WriteResult, AuditSubject) {
        let new = write.fields.filter { field in !kept.contains { $0.field.name == field.name } }
        var fields = kept + new.map { (Manifest.Field(name: $0.name, kind: $0.kind, binding: nil), $0.value) }
        try Self.bind(&fields, write.bindings)
        try Self.checkSizes(fields.map(\.value))
        let now = clock.now()
        var metadata = SecretMetadata(name: write.name)
        if let found { metadata = try await shelf.metadata(found) }
        try metadata.apply(tags: write.tags, description: write.description, note: write.note, url: write.url)
        var secret = found ?? .fresh(in: place, now: now, random: random)
        secret.current += 1
        secret.updatedAt = now
        secret.apply(write.expiry, now: now)
        let (change, row) = try await versionChange(secret, replacing: found?.row, metadata: metadata, fields: fields, now: now)
        let subject = target(place.scope, write.name, secret, version: secret.current).subject
        var result = WriteResult(name: write.name, version: secret.current, revision: row.revision)
        result.notices = Self.notices(fields)
        return (change, result, subject)
    }

    func versionChange(
        _ secret: SecretRecord, replacing old: Record?, metadata: SecretMetadata, fields: [VersionField], now: Timestamp
    ) async throws -> (Change, Record) {
        var change = Change()
        let row = try await shelf.row(secret, metadata: metadata)
        change.put(row, replacing: old)
        for operation in try await shelf.seal(fields, as: secret.current, of: secret, now: now) { change.add(operation) }
        return (change, row)
    }

    private static func bind(_ fields: inout [VersionField], _ bindings: [(variable: String, field: SegmentName)]) throws {
        for binding in bindings {
            guard let position = fields.firstIndex(where: { $0.field.name == binding.field }) else { throw EngineError.unknownField }
            try VariableName.check(binding.variable)
            fields[position].field.binding = binding.variable
        }
        let names = fields.compactMap(\.field.binding)
        guard Set(names).count == names.count else {
            throw EngineError.invalid("two fields are bound to one variable", hint: "bind each field to a variable of its own")
        }
    }

    static func checkSizes(_ values: [SecretValue]) throws {
        guard values.allSatisfy({ $0.byteCount <= SecretValue.maximumByteCount }) else {
            throw EngineError.invalid("a value is larger than 1 MiB", hint: "store where the data lies, and the key to it here")
        }
        guard values.reduce(0, { $0 + $1.byteCount }) <= maximumVersionBytes else {
            throw EngineError.invalid("the fields of one version are larger than 4 MiB together", hint: nil)
        }
    }

    private static func notices(_ fields: [VersionField]) -> [String] {
        fields.filter { $0.field.kind == .secret && $0.value.byteCount < 8 }.map {
            "the field `\($0.field.name)` is shorter than 8 bytes: in output it cannot be told from ordinary text"
        }
    }
}

extension SecretRecord {
    static func fresh(in place: Place, now: Timestamp, random: RandomBytes) -> SecretRecord {
        let metadata = SealedMetadata(generation: 0, wrapped: [], sealed: [])
        return SecretRecord(id: SecretID(random: random), place: place, createdAt: now, metadata: metadata)
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
