import Hummingbird
import Model
import Secrets
import TacitWire

/// Policy and agents.
struct AccessRoutes: Sendable {
    let vault: Vault

    func add(to router: Router<APIContext>) {
        router.route(.get, WirePath.policy) { _, context in
            guard let view = try await open(context).showPolicy(by: try context.asker) else { return try Response(json: PolicyState(version: 0)) }
            return try Response(
                json: PolicyState(
                    version: view.version, document: String(decoding: view.json, as: UTF8.self), text: view.text,
                    appliedAt: view.appliedAt.seconds))
        }
        router.route(.put, WirePath.policy, ifMatch: true) { request, context in
            let wish: PolicyApply = try await request.json()
            let version = try await open(context).applyPolicy(
                json: Array(wish.document.utf8), text: wish.text, expectedVersion: try request.expectedRevision, by: try context.asker)
            return try Response(json: PolicyState(version: version))
        }
        router.route(.post, WirePath.policyExplain, use: explain)
        router.route(.get, WirePath.agents) { _, context in
            try Response(json: Page(items: try await open(context).agents(by: try context.asker).map(AgentSummary.init)))
        }
        router.route(.post, WirePath.agents) { request, context in
            let wish: NameRequest = try await request.json()
            let badge = try await open(context).addAgent(try SegmentName(wish.name, of: .agent), by: try context.asker)
            return try Response(json: AgentAdded(name: wish.name, badge: badge), status: .created)
        }
        router.route(.delete, "\(WirePath.agents)/:name") { _, context in
            try await open(context).revokeAgent(try SegmentName(context.text("name"), of: .agent), by: try context.asker)
            return Response(status: .noContent)
        }
        router.route(.post, "\(WirePath.agents)/:name/output-reset") { _, context in
            let name = try SegmentName(context.text("name"), of: .agent)
            return try Response(json: OutputReset(secrets: try await open(context).resetOutput(of: name, by: try context.asker)))
        }
    }

    private func open(_ context: APIContext) throws -> OpenVault { try vault.opened(for: try context.asker) }

    @Sendable private func explain(_ request: Request, _ context: APIContext) async throws -> Response {
        let wish: PolicyQuestion = try await request.json()
        let (decision, steps) = try await open(context).explainPolicy(PolicyInquiry(wish), by: try context.asker)
        return try Response(json: PolicyAnswer(decision, steps: steps))
    }
}
