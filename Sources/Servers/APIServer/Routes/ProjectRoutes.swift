import Hummingbird
import Model
import Secrets
import TacitWire

/// Projects and environments.
struct ProjectRoutes: Sendable {
    let vault: Vault

    func add(to router: Router<APIContext>) {
        let project = "\(WirePath.projects)/:project"
        let environments = "\(project)/environments"
        let environment = "\(environments)/:environment"
        router.route(.get, WirePath.projects) { _, context in
            try Response(json: Page(items: try await open(context).projects(by: try context.asker).map(NamedSummary.init)))
        }
        router.route(.post, WirePath.projects) { request, context in
            try await open(context).createProject(try await newName(request, .project), by: try context.asker)
            return Response(status: .created)
        }
        router.route(.patch, project) { request, context in
            let name = try await newName(request, .project)
            try await open(context).renameProject(try context.project(), to: name, by: try context.asker)
            return Response(status: .noContent)
        }
        router.route(.delete, project) { _, context in
            try await open(context).deleteProject(try context.project(), by: try context.asker)
            return Response(status: .noContent)
        }
        router.route(.get, environments) { _, context in
            let views = try await open(context).environments(of: try context.project(), by: try context.asker)
            return try Response(json: Page(items: views.map(NamedSummary.init)))
        }
        router.route(.post, environments) { request, context in
            let name = try await newName(request, .environment)
            try await open(context).createEnvironment(name, in: try context.project(), by: try context.asker)
            return Response(status: .created)
        }
        router.route(.patch, environment) { request, context in
            let name = try await newName(request, .environment)
            try await open(context).renameEnvironment(
                try context.environment(), in: try context.project(), to: name, by: try context.asker)
            return Response(status: .noContent)
        }
        router.route(.delete, environment) { _, context in
            try await open(context).deleteEnvironment(try context.environment(), in: try context.project(), by: try context.asker)
            return Response(status: .noContent)
        }
    }

    private func open(_ context: APIContext) throws -> OpenVault { try vault.opened(for: try context.asker) }

    private func newName(_ request: Request, _ thing: NamedThing) async throws -> SegmentName {
        let wish: NameRequest = try await request.json()
        return try SegmentName(wish.name, of: thing)
    }
}
