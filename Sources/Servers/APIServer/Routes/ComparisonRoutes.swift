import Hummingbird
import Model
import Secrets
import TacitWire

/// What differs between versions and environments, and what is brought from one into another.
struct ComparisonRoutes: Sendable {
    let vault: Vault

    func add(to router: Router<APIContext>) {
        router.route(.post, WirePath.comparisons) { request, context in
            let wish: ComparisonRequest = try await request.json()
            let comparison = try await open(context).compare(try ComparisonWish(wish), by: try context.asker)
            return try Response(json: Page(items: comparison.items.map(ComparisonItem.init)))
        }
        router.route(.post, WirePath.copies) { request, context in
            let wish: CopyRequest = try await request.json(upTo: try context.asker.isPerson ? Request.largestPlan : Request.largestDocument)
            return try Response(json: CopyResult(try await open(context).copy(try CopyWish(wish), by: try context.asker)))
        }
        router.route(.get, "/v1/projects/:project/environments/:environment/history", query: ["limit"]) { _, context in
            let limit = try context.query.integer("limit", in: 1...20_000) ?? 100
            let versions = try await open(context).history(of: try context.scope(), limit: limit, by: try context.asker)
            return try Response(json: Page(items: versions.map(EnvironmentVersion.init)))
        }
    }

    private func open(_ context: APIContext) throws -> OpenVault { try vault.opened(for: try context.asker) }
}
