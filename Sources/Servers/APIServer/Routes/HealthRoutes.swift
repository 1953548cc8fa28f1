import Hummingbird
import Model
import Secrets
import TacitWire

/// What is wrong with the secrets of a vault.
struct HealthRoutes: Sendable {
    let vault: Vault

    func add(to router: Router<APIContext>) {
        router.route(.get, WirePath.health, query: ["expiring", "old", "unused", "project", "environment"]) { _, context in
            var measures = HealthMeasures()
            if let span = try context.query.duration("expiring") { measures.expiringWithin = span }
            if let span = try context.query.duration("old") { measures.oldAfter = span }
            if let span = try context.query.duration("unused") { measures.unusedAfter = span }
            measures.project = try context.query["project"].map { try SegmentName($0, of: .project) }
            measures.environment = try context.query["environment"].map { try SegmentName($0, of: .environment) }
            let asker = try context.asker
            return try Response(json: HealthResult(try await vault.opened(for: asker).health(measures, by: asker)))
        }
    }
}

extension HealthResult {
    init(_ report: HealthReport) {
        self.init(score: report.score, secrets: report.secrets, findings: report.findings.compactMap(Finding.init))
    }
}

extension HealthResult.Finding {
    init?(_ finding: HealthReport.Finding) {
        guard let kind = HealthResult.Kind(rawValue: finding.kind.rawValue) else { return nil }
        self.init(
            kind: kind, isProblem: finding.kind.isProblem, scope: "\(finding.scope)", name: finding.name.description,
            field: finding.field?.description, others: finding.others, time: finding.time?.seconds)
    }
}
