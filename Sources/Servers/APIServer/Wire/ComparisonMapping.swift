import Model
import Secrets
import TacitWire

extension ComparisonWish {
    init(_ wire: ComparisonRequest) throws {
        let (from, to) = (wire.from, wire.to)
        switch (from.name, to.name) {
        case (let before?, let after?):
            guard from.asOf == nil, to.asOf == nil else { throw EngineError.invalid("a secret is compared by versions", hint: "leave the time out") }
            self = .secrets(
                from: FieldReference(scope: try Scope(parsing: from.scope), name: try SecretName(before), version: from.version),
                to: FieldReference(scope: try Scope(parsing: to.scope), name: try SecretName(after), version: to.version))
        case (nil, nil):
            guard from.version == nil, to.version == nil else {
                throw EngineError.invalid("an environment is compared by times", hint: "leave the version out")
            }
            self = .environments(from: try PlaceMoment(from.scope, asOf: from.asOf), to: try PlaceMoment(to.scope, asOf: to.asOf))
        default: throw EngineError.invalid("both sides name a secret, or neither does", hint: nil)
        }
    }
}

extension PlaceMoment {
    init(_ scope: String, asOf text: String?) throws {
        self.init(scope: try Scope(parsing: scope), time: try text.map { try Timestamp(said: $0) })
    }
}

extension ComparisonItem {
    init(_ item: Comparison.Item) {
        self.init(
            name: item.name.description, difference: .init(item.difference), fromVersion: item.versions.from, toVersion: item.versions.to,
            fields: item.fields.map(FieldDifference.init))
    }
}

extension Difference {
    init(_ difference: Comparison.Difference) {
        switch difference {
        case .added: self = .added
        case .removed: self = .removed
        case .changed: self = .changed
        case .same: self = .same
        }
    }
}

extension FieldDifference {
    init(_ field: Comparison.Field) {
        self.init(
            name: field.name.description, difference: .init(field.difference), kind: .init(field.kind), from: field.shown.from, to: field.shown.to)
    }
}

extension CopyWish {
    init(_ wire: CopyRequest) throws {
        self.init(
            from: try PlaceMoment(wire.from, asOf: wire.asOf), to: try Scope(parsing: wire.to), names: try wire.names?.map { try SecretName($0) },
            isExact: wire.exact ?? false, approved: try wire.plan?.map(Secrets.CopyStep.init))
    }
}

extension Secrets.CopyStep {
    init(_ wire: TacitWire.CopyStep) throws {
        guard let kind = Kind(rawValue: wire.kind.rawValue) else { throw EngineError.invalid("there is no such step", hint: nil) }
        self.init(name: try SecretName(wire.name), kind: kind, versions: .init(wire.fromVersion, wire.toVersion))
    }
}

extension TacitWire.CopyStep {
    init(_ step: Secrets.CopyStep) {
        let kind: Kind =
            switch step.kind {
            case .create: .create
            case .overwrite: .overwrite
            case .undelete: .undelete
            case .delete: .delete
            case .keep: .keep
            case .blocked: .blocked
            }
        self.init(name: step.name.description, kind: kind, fromVersion: step.versions.from, toVersion: step.versions.to)
    }
}

extension CopyResult {
    init(_ plan: CopyPlan) {
        self.init(
            lines: plan.lines.map { Line(step: .init($0.step), fields: $0.fields.map(FieldDifference.init)) }, done: plan.isDone,
            notices: plan.notices)
    }
}

extension EnvironmentVersion {
    init(_ version: PlaceVersion) {
        self.init(
            name: version.name.description, version: version.version, createdAt: version.createdAt.description, isCurrent: version.isCurrent,
            deletedAt: version.deletedAt?.seconds)
    }
}
