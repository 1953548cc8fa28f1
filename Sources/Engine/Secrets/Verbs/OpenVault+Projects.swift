import Auditing
package import Model
import Storage

/// A project or environment.
package struct NamedView: Sendable {
    package var name: SegmentName
    package var createdAt: Timestamp
    package var revision: Int64

    init(_ named: NamedRecords.Named) {
        name = named.name
        createdAt = named.record.createdAt
        revision = named.row.revision
    }
}

extension OpenVault {
    package func projects(by asker: Asker) async throws -> [NamedView] {
        let access = try await authorizer.authorize(Act(.projectList, .list, .person), by: asker, on: [])
        return try await concluding(access) {
            try await book.records(.project).map { NamedView(try names.openProject($0)) }.sorted { $0.name < $1.name }
        }
    }

    package func environments(of project: SegmentName, by asker: Asker) async throws -> [NamedView] {
        let access = try await authorizer.authorize(Act(.environmentList, .list, .person), by: asker, on: [])
        return try await concluding(access) {
            let project = try await projectRow(project)
            var views: [NamedView] = []
            for row in try await book.records(.environment, parent: project.id) {
                views.append(NamedView(try await names.openEnvironment(row, in: project.id.cast())))
            }
            return views.sorted { $0.name < $1.name }
        }
    }

    /// Makes a project with an environment `dev`.
    package func createProject(_ name: SegmentName, by asker: Asker) async throws {
        try await administering {
            let permit = try await authorizer.permit(Act(.projectCreate, .write, .person), by: asker, on: [])
            guard try await book.record(.project, parent: nil, name: name.description) == nil else { throw EngineError.nameTaken(.project) }
            var change = Change()
            let project = try await names.makeProject(name, change: &change)
            _ = try names.makeEnvironment(SegmentName("dev", of: .environment), in: project, change: &change)
            try await authorizer.commit(permit, change, on: [AuditSubject(project: project.id, name: name.description)])
        }
    }

    package func createEnvironment(_ name: SegmentName, in project: SegmentName, by asker: Asker) async throws {
        try await administering {
            let permit = try await authorizer.permit(Act(.environmentCreate, .write, .person), by: asker, on: [])
            let row = try await projectRow(project)
            guard try await book.record(.environment, parent: row.id, name: name.description) == nil else {
                throw EngineError.nameTaken(.environment)
            }
            let (key, generation) = try await keyring.projectKey(row.id.cast())
            var change = Change()
            let id = try names.makeEnvironment(name, in: ProjectAtHand(id: row.id.cast(), key: key, generation: generation), change: &change)
            let subject = AuditSubject(project: row.id.cast(), environment: id, name: "\(project)/\(name)")
            try await authorizer.commit(permit, change, on: [subject])
        }
    }

    package func renameProject(_ name: SegmentName, to new: SegmentName, by asker: Asker) async throws {
        try await administering {
            let permit = try await authorizer.permit(Act(.projectRename, .write, .person), by: asker, on: [])
            let row = try await projectRow(name)
            guard try await book.record(.project, parent: nil, name: new.description) == nil else { throw EngineError.nameTaken(.project) }
            var change = Change()
            change.put(try names.rename(project: row, to: new), replacing: row)
            try await authorizer.commit(permit, change, on: [AuditSubject(project: row.id.cast(), name: "\(name) → \(new)")])
        }
    }

    package func renameEnvironment(_ name: SegmentName, in project: SegmentName, to new: SegmentName, by asker: Asker) async throws {
        try await administering {
            let permit = try await authorizer.permit(Act(.environmentRename, .write, .person), by: asker, on: [])
            let (projectRow, row) = try await environmentRow(name, in: project)
            guard try await book.record(.environment, parent: projectRow.id, name: new.description) == nil else {
                throw EngineError.nameTaken(.environment)
            }
            var change = Change()
            try await names.put(environment: row, in: projectRow.id.cast(), named: new, into: &change)
            let subject = AuditSubject(project: projectRow.id.cast(), environment: row.id.cast(), name: "\(project)/\(name) → \(new)")
            try await authorizer.commit(permit, change, on: [subject])
        }
    }

    /// Removes an empty environment.
    package func deleteEnvironment(_ name: SegmentName, in project: SegmentName, by asker: Asker) async throws {
        try await administering {
            let permit = try await authorizer.permit(Act(.environmentDelete, .write, .person), by: asker, on: [])
            let (projectRow, row) = try await environmentRow(name, in: project)
            let inside = try await store.records(.secret, parent: row.id, after: nil, limit: 1, in: organization)
            guard inside.isEmpty else { throw EngineError.notEmpty(.environment) }
            var change = Change()
            change.remove(row)
            let subject = AuditSubject(project: projectRow.id.cast(), environment: row.id.cast(), name: "\(project)/\(name)")
            try await authorizer.commit(permit, change, on: [subject])
        }
    }

    /// Removes a project whose environments are all empty, with them and its keys.
    package func deleteProject(_ name: SegmentName, by asker: Asker) async throws {
        try await administering {
            let permit = try await authorizer.permit(Act(.projectDelete, .write, .person), by: asker, on: [])
            let row = try await projectRow(name)
            var change = Change()
            for environment in try await book.records(.environment, parent: row.id) {
                let inside = try await store.records(.secret, parent: environment.id, after: nil, limit: 1, in: organization)
                guard inside.isEmpty else { throw EngineError.notEmpty(.project) }
                change.remove(environment)
            }
            for key in try await store.keys(of: row.id, in: organization) {
                change.add(.deleteKey(owner: row.id, generation: key.generation, wrapping: key.wrapping, in: organization))
            }
            change.remove(row)
            try await authorizer.commit(permit, change, on: [AuditSubject(project: row.id.cast(), name: name.description)])
        }
    }

    /// One such change at a time; whatever became of it, no place is remembered from before.
    private func administering(_ body: @Sendable () async throws -> Void) async throws {
        defer { places.clear() }
        try await administration.pass(body)
    }

    func projectRow(_ name: SegmentName) async throws -> Record {
        guard let row = try await book.record(.project, parent: nil, name: name.description) else { throw EngineError.notFound(.project) }
        return row
    }

    private func environmentRow(_ name: SegmentName, in project: SegmentName) async throws -> (project: Record, environment: Record) {
        let project = try await projectRow(project)
        guard let row = try await book.record(.environment, parent: project.id, name: name.description) else {
            throw EngineError.notFound(.environment)
        }
        return (project, row)
    }
}
