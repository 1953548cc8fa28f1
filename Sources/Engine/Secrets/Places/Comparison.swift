package import Model

/// How two secrets, or two environments, differ. It has no value: a secret field's is masked.
package struct Comparison: Sendable, Equatable {
    package enum Difference: String, Sendable { case added, removed, changed, same }

    /// One secret, in the order of names.
    package struct Item: Sendable, Equatable {
        package var name: SecretName
        package var difference: Difference
        /// The versions that were compared; nil where there is none.
        package var versions: Sides<Int64>
        package var fields: [Field]
    }

    package struct Field: Sendable, Equatable {
        package var name: SegmentName
        package var difference: Difference
        package var kind: FieldKind
        /// What may be shown of the values.
        package var shown: Sides<String>
    }

    /// The same of both sides.
    package struct Sides<Part: Sendable & Equatable>: Sendable, Equatable {
        package var from: Part?
        package var to: Part?
    }

    package var items: [Item] = []
}

/// What is compared.
package enum ComparisonWish: Sendable {
    /// Two fields' worth of one secret, or of two: the versions are the current ones when missing.
    case secrets(from: FieldReference, to: FieldReference)
    case environments(from: PlaceMoment, to: PlaceMoment)
}

/// A secret's fields on their way through a comparison.
struct OpenedVersion: Sendable {
    var fields: [(field: Manifest.Field, value: SecretValue)]

    func field(_ name: SegmentName) -> (field: Manifest.Field, value: SecretValue)? { fields.first { $0.field.name == name } }
}

extension Comparison.Item {
    /// Compares field by field; values are compared in constant time.
    init(_ name: SecretName, from: (version: Int64, opened: OpenedVersion)?, to: (version: Int64, opened: OpenedVersion)?) {
        var fields: [Comparison.Field] = []
        for (field, value) in to?.opened.fields ?? [] {
            guard let before = from?.opened.field(field.name) else {
                fields.append(.init(name: field.name, difference: .added, kind: field.kind, shown: .init(to: Mask.shown(value, field.kind))))
                continue
            }
            let isSame = before.value == value && before.field.kind == field.kind && before.field.binding == field.binding
            fields.append(
                .init(
                    name: field.name, difference: isSame ? .same : .changed, kind: field.kind,
                    shown: .init(from: Mask.shown(before.value, before.field.kind), to: Mask.shown(value, field.kind))))
        }
        for (field, value) in from?.opened.fields ?? [] where to?.opened.field(field.name) == nil {
            fields.append(.init(name: field.name, difference: .removed, kind: field.kind, shown: .init(from: Mask.shown(value, field.kind))))
        }
        let isSame = fields.allSatisfy { $0.difference == .same }
        self.init(
            name: name, difference: from == nil ? .added : to == nil ? .removed : isSame ? .same : .changed,
            versions: .init(from: from?.version, to: to?.version), fields: fields)
    }
}
