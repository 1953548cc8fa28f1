import Model

/// What the next version of a secret consists of, before any value is at hand.
struct VersionDraft: Sendable {
    struct Part: Sendable {
        var field: Manifest.Field
        var source: Source
    }

    enum Source: Sendable {
        case written(SecretValue)
        /// The value of this ordinal in the version before.
        case kept(Int64)
    }

    private(set) var parts: [Part] = []

    /// Whether nothing of the version before has to be opened.
    var isComplete: Bool { parts.allSatisfy { if case .written = $0.source { true } else { false } } }

    /// Puts what is written in the place of fields of the same name, which keep their bindings, and the rest behind them.
    init(_ write: SecretWrite, before: Manifest?) throws {
        guard !write.fields.isEmpty else { throw EngineError.invalid("a version has at least one field", hint: nil) }
        guard Set(write.fields.map(\.name)).count == write.fields.count else { throw EngineError.invalid("a field is written twice", hint: nil) }
        for (position, field) in (before?.fields ?? []).enumerated() {
            if let written = write.fields.first(where: { $0.name == field.name }) {
                let field = Manifest.Field(name: field.name, kind: written.kind, binding: field.binding)
                parts.append(Part(field: field, source: .written(written.value)))
            } else if !write.replacesFields {
                parts.append(Part(field: field, source: .kept(Int64(position + 1))))
            }
        }
        for written in write.fields where !parts.contains(where: { $0.field.name == written.name }) {
            parts.append(Part(field: .init(name: written.name, kind: written.kind, binding: nil), source: .written(written.value)))
        }
        guard parts.count <= OpenVault.maximumFields else {
            throw EngineError.invalid("a version has at most \(OpenVault.maximumFields) fields", hint: nil)
        }
        try bind(write.bindings)
    }

    private mutating func bind(_ bindings: [(variable: String, field: SegmentName)]) throws {
        for binding in bindings {
            guard let position = parts.firstIndex(where: { $0.field.name == binding.field }) else { throw EngineError.unknownField }
            try VariableName.check(binding.variable)
            parts[position].field.binding = binding.variable
        }
        let names = parts.compactMap(\.field.binding)
        guard Set(names).count == names.count else {
            throw EngineError.invalid("two fields are bound to one variable", hint: "bind each field to a variable of its own")
        }
    }
}
