import HTTPTypes
import Hummingbird
import Model
import NIOCore
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
            return Self.following(try await open.watchTraffic(after: number, by: asker), on: context.channel)
        }
    }

    /// A line of JSON for each, as it comes.
    private static func following(_ items: AsyncStream<TrafficItem>, on channel: any Channel) -> Response {
        let body = ResponseBody { writer in
            for await item in items {
                guard channel.isActive else { break }
                try await writer.write(ByteBuffer(bytes: Array(try WireJSON.encode(TrafficEntry(item))) + [UInt8(ascii: "\n")]))
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: "application/jsonl", .cacheControl: "no-store"], body: body)
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
