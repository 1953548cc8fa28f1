import Auditing
import Model

extension OpenVault {
    /// Compares two versions or two environments, for a person. What is the same value is told; what the values are is not.
    package func compare(_ wish: ComparisonWish, by asker: Asker) async throws -> Comparison {
        switch wish {
        case .secrets(let from, let to): try await compare(from, to, by: asker)
        case .environments(let from, let to): try await compare(from, to, by: asker)
        }
    }

    private func compare(_ from: FieldReference, _ to: FieldReference, by asker: Asker) async throws -> Comparison {
        let act = Act(.secretCompare, .masked, .person)
        var sides: [(reference: FieldReference, secret: SecretRecord?, version: Int64?)] = []
        for reference in [from, to] {
            let secret = try await sought(reference.name, in: reference.scope, for: act, by: asker)
            sides.append((reference, secret, reference.version ?? secret?.current))
        }
        let targets = sides.map { target($0.reference.scope, $0.reference.name, $0.secret, version: $0.version) }
        let access = try await authorizer.authorize(act, by: asker, on: targets)
        return try await concluding(access) {
            var opened: [(version: Int64, opened: OpenedVersion)] = []
            for side in sides {
                guard let secret = side.secret, let version = side.version else { throw EngineError.notFound(.secret) }
                if secret.deletedAt != nil { throw EngineError.deleted }
                opened.append((version, try await self.opened(secret, version: version, access: access)))
            }
            return Comparison(items: [Comparison.Item(to.name, from: opened[0], to: opened[1])])
        }
    }

    private func compare(_ from: PlaceMoment, _ to: PlaceMoment, by asker: Asker) async throws -> Comparison {
        let access = try await access(to: Act(.secretCompare, .masked, .person), in: [from.scope, to.scope], by: asker)
        return try await concluding(access) {
            let (before, after) = (try await secrets(of: from), try await secrets(of: to))
            var comparison = Comparison()
            for name in Set(before.keys).union(after.keys).sorted() {
                comparison.items.append(try await item(name, before[name], after[name], access: access))
            }
            return comparison
        }
    }

    /// Writes the intent of an act that is about environments as a whole.
    func access(to act: Act, in scopes: [Scope], by asker: Asker, detail: [AuditFact] = []) async throws -> AuthorizedAccess {
        let permit = try await authorizer.permit(act, by: asker, on: scopes.map { Target(scope: $0, subject: AuditSubject(name: "\($0)")) })
        var subjects: [AuditSubject] = []
        for scope in scopes {
            guard let place = try await place(scope) else { throw try await absence(of: scope, to: asker) }
            let subject = AuditSubject(project: place.project, environment: place.environment, name: "\(scope)")
            if !subjects.contains(subject) { subjects.append(subject) }
        }
        return try await authorizer.begin(permit, on: subjects, detail: detail)
    }

    /// How one secret differs between two moments.
    func item(_ name: SecretName, _ from: SecretMoment?, _ to: SecretMoment?, access: AuthorizedAccess) async throws -> Comparison.Item {
        if let from, let to, from.secret.id == to.secret.id, from.version == to.version {
            let fields = try await shelf.manifest(to.secret, version: to.version).fields
            return Comparison.Item(
                name: name, difference: .same, versions: .init(from: from.version, to: to.version),
                fields: fields.map { Comparison.Field(name: $0.name, difference: .same, kind: $0.kind, shown: .init()) })
        }
        var (before, after): ((version: Int64, opened: OpenedVersion)?, (version: Int64, opened: OpenedVersion)?)
        if let from { before = (from.version, try await opened(from.secret, version: from.version, access: access)) }
        if let to { after = (to.version, try await opened(to.secret, version: to.version, access: access)) }
        return Comparison.Item(name, from: before, to: after)
    }

    /// Every field of a version.
    func opened(_ secret: SecretRecord, version: Int64, access: AuthorizedAccess) async throws -> OpenedVersion {
        OpenedVersion(fields: try await shelf.openAll(of: secret, version: version, access: access).fields)
    }
}
