import HTTPTypes
import Hummingbird
import Model
import Secrets
import TacitWire

/// What goes through the brokers, for a person who watches.
struct TrafficRoutes: Sendable {
    let vault: Vault

    func add(to router: Router<APIContext>) {
        router.route(.get, WirePath.traffic, query: ["after", "follow"]) { _, context in
            let asker = try context.asker
            let number = Int64(try context.query.integer("after", in: 0...Int.max) ?? 0)
            let open = try vault.opened(for: asker)
            guard try context.query.oneOf("follow", ["1"]) != nil else {
                return try Response(json: Page(items: try await open.traffic(after: number, by: asker).map(TrafficEntry.init)))
            }
            return Response(following: try await open.watchTraffic(after: number, by: asker), on: context.channel) { TrafficEntry($0) }
        }
    }
}

extension TrafficEntry {
    init(_ item: TrafficItem) {
        self.init(
            number: item.number, time: item.time.seconds, agent: item.agent, method: item.method, authority: item.authority, path: item.path,
            secrets: item.secrets, decision: item.denial == nil ? "allow" : "deny", result: item.denial ?? item.outcome?.result ?? "")
        rule = item.rule
        guard let outcome = item.outcome else { return }
        (status, bytesSent, bytesReceived) = (outcome.status, outcome.bytesSent, outcome.bytesReceived)
        (durationMs, redactions) = (outcome.milliseconds, outcome.redactionCount)
    }
}
