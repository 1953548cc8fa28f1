import Auditing
import Brokering
import Model
import Policies

extension AskedRequest {
    /// What is written of a request: never its query, whose values are nobody's but the service's, nor its fields and body.
    var facts: [AuditFact] {
        let places = Set(uses.map { "\($0.place)" }).sorted().joined(separator: ", ")
        return RequestQuestion.facts(method, authority, shownPath) + (places.isEmpty ? [] : [AuditFact("place", places)])
            + ([RequestQuestion.webSocketScheme, "http"].contains(scheme) ? [AuditFact("scheme", scheme)] : [])
    }

    private var authority: String { RequestQuestion.authority(host, port) }
    private var shownPath: String { RequestQuestion.shown(path, hidden: uses.contains { $0.place == .segment }) }

    /// It as a person sees it who watches.
    func item(of asker: Asker, _ secrets: [String], at time: Timestamp) -> TrafficItem {
        TrafficItem(time: time, agent: asker.agentName, method: method, authority: authority, path: shownPath, secrets: secrets)
    }
}

extension RequestQuestion {
    /// What is written of a request that was refused, with all the tokens in it.
    static func facts(of questions: [RequestQuestion]) -> [AuditFact] {
        questions.first.map { first in
            facts(first.method, authority(first.host, first.port), shown(first.path, hidden: questions.contains { $0.place == .segment }))
        } ?? []
    }

    /// The longest of a path that is written, in bytes: an entry has a largest size, and who is refused chooses the path.
    private static let longestPath = 1024

    fileprivate static func shown(_ path: String, hidden: Bool) -> String {
        guard !hidden else { return "/…" }
        let template = PathTemplate.of(path)
        return template.utf8.count <= longestPath ? template : String(decoding: template.utf8.prefix(longestPath), as: UTF8.self) + "…"
    }

    fileprivate static func facts(_ method: String, _ authority: String, _ path: String) -> [AuditFact] {
        [AuditFact("method", method), AuditFact("authority", authority), AuditFact("path", path)]
    }

    fileprivate static func authority(_ host: String, _ port: Int) -> String { port == 443 ? host : "\(host):\(port)" }
}
