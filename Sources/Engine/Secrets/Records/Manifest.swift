import Model

/// What a version consists of: when it was made and its fields, in order; sealed. A field's ordinal is its position plus one.
struct Manifest: Sendable, Equatable {
    var createdAt: Timestamp
    var fields: [Field]

    struct Field: Sendable, Equatable {
        var name: SegmentName
        var kind: FieldKind
        /// The environment variable it is injected as, when bound.
        var binding: String?
    }

    init(createdAt: Timestamp, fields: [Field]) {
        self.createdAt = createdAt
        self.fields = fields
    }

    init(decoding bytes: [UInt8]) throws {
        var reader = CanonicalReader(bytes)
        guard try reader.byte() == 1 else { throw EngineError.unreadable }
        createdAt = try reader.timestamp()
        let raw = try reader.list { reader throws(CanonicalError) in
            (try reader.text(), try reader.text(), try reader.optional { reader throws(CanonicalError) in try reader.text() })
        }
        try reader.finish()
        fields = try raw.map { name, kind, binding in
            guard let kind = FieldKind(rawValue: kind) else { throw EngineError.unreadable }
            return Field(name: try SegmentName(name, of: .field), kind: kind, binding: binding)
        }
    }

    var encoded: [UInt8] {
        var writer = CanonicalWriter()
        writer.write(byte: 1)
        writer.write(createdAt)
        writer.write(list: fields) { writer, field in
            writer.write(field.name.description)
            writer.write(field.kind.rawValue)
            writer.write(optional: field.binding)
        }
        return writer.bytes
    }

    /// The field that a secret has unless somebody names others.
    static let usualField = "value"

    /// The ordinal of a field, from 1.
    func ordinal(of name: SegmentName) -> Int64? { fields.firstIndex { $0.name == name }.map { Int64($0 + 1) } }
}
