import Model
import Secrets
import TacitWire

extension FieldKind {
    init(_ wire: FieldSummary.Kind) { self = wire == .secret ? .secret : .plain }
}

extension FieldSummary.Kind {
    init(_ kind: FieldKind) { self = kind == .secret ? .secret : .plain }
}

extension FieldSummary {
    init(_ field: FieldView) {
        self.init(name: field.name.description, kind: .init(field.kind), binding: field.binding)
    }
}

extension Expiry {
    /// A span from now; an empty text takes the expiry away.
    init(_ text: String) throws { self = text.isEmpty ? .never : .after(try Timespan(parsing: text).duration) }
}

extension SecretSummary {
    init(_ view: SecretView) {
        self.init(
            name: view.name.description, version: view.version, tags: view.tags, description: view.description,
            updatedAt: view.updatedAt.seconds, expiresAt: view.expiresAt?.seconds, deletedAt: view.deletedAt?.seconds,
            usableWith: view.usableWith, requires: view.requires, fields: view.fields)
    }
}

extension SecretDetail {
    init(_ view: SecretDetailView) {
        self.init(
            id: view.id.description, name: view.name.description, version: view.version, revision: view.revision,
            fields: view.fields.map(FieldSummary.init), tags: view.tags, description: view.description, note: view.note, url: view.url,
            createdAt: view.createdAt.seconds, updatedAt: view.updatedAt.seconds, expiresAt: view.expiresAt?.seconds,
            deletedAt: view.deletedAt?.seconds, purgeAfter: view.purgeAfter?.seconds)
    }
}

extension VersionSummary {
    init(_ view: VersionView) {
        self.init(
            number: view.number, createdAt: view.createdAt.seconds, fields: view.fields.map(FieldSummary.init), isCurrent: view.isCurrent)
    }
}

extension Existence {
    init(_ view: ExistenceView) {
        self.init(
            name: view.name, exists: view.exists, version: view.version, createdAt: view.createdAt?.seconds,
            expiresAt: view.expiresAt?.seconds)
    }
}

extension Written {
    init(_ result: WriteResult) {
        self.init(name: result.name.description, version: result.version, revision: result.revision, notices: result.notices)
    }
}

extension ImportWish.Conflict {
    init(_ wire: ImportRequest.Conflict) {
        self =
            switch wire {
            case .error: .error
            case .skip: .skip
            case .overwrite: .overwrite
            }
    }
}

extension ImportResult {
    init(_ report: ImportReport, isDryRun: Bool) {
        self.init(
            created: report.created.map(\.description), overwritten: report.overwritten.map(\.description),
            skipped: report.skipped.map(\.description), unchanged: report.unchanged.map(\.description), dryRun: isDryRun,
            notices: report.notices, guessable: report.guessable)
    }
}

extension NamedSummary {
    init(_ view: NamedView) { self.init(name: view.name.description, createdAt: view.createdAt.seconds, revision: view.revision) }
}
