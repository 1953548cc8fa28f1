import Envelopes
import Model
import Redaction

/// What is known of one secret while a vault is looked at.
struct ExaminedSecret: Sendable {
    var secret: SecretRecord
    var name: SecretName
    /// When the current version was made.
    var writtenAt: Timestamp
    /// Its secret fields.
    var fields: [Field]

    struct Field: Sendable {
        var name: SegmentName
        var isWeak: Bool
        /// The value's code under a key that was made for this look, and is gone with it: equal values have equal ones.
        var code: [UInt8]
    }

    init(_ secret: SecretRecord, _ name: SecretName, writtenAt: Timestamp, _ fields: [OpenVault.VersionField], _ key: MACKey) {
        (self.secret, self.name, self.writtenAt) = (secret, name, writtenAt)
        self.fields = fields.filter { $0.field.kind == .secret && $0.value.byteCount > 0 }.map { field, value in
            Field(
                name: field.name, isWeak: value.byteCount < GuessEstimate.enoughBytes || GuessEstimate.isGuessable(value), code: key.code(over: value)
            )
        }
    }

    var path: String { "\(secret.place.scope)/\(name)" }
}

/// Findings out of what was examined.
struct HealthWork: Sendable {
    var examined: [ExaminedSecret]
    /// The secrets that something used lately; nil where the log does not go back so far.
    var used: Set<SecretID>?
    var measures: HealthMeasures
    var now: Timestamp

    func report() -> HealthReport {
        var holders: [[UInt8]: [Int]] = [:]
        for (position, one) in examined.enumerated() { for field in one.fields { holders[field.code, default: []].append(position) } }
        var findings: [HealthReport.Finding] = []
        let told = examined.filter { measures.covers($0.secret.place.scope) }
        for one in told {
            findings += times(of: one)
            for field in one.fields {
                if field.isWeak { findings.append(finding(.weak, one, field.name)) }
                let same = Set(holders[field.code] ?? []).map { examined[$0] }.filter { $0.secret.id != one.secret.id }
                if let alike = alike(one, field.name, same) { findings.append(alike) }
            }
        }
        return HealthReport(findings, secrets: told.count)
    }

    /// The most other places that a finding names.
    private static let mostOthers = 10

    private func alike(_ one: ExaminedSecret, _ field: SegmentName, _ same: [ExaminedSecret]) -> HealthReport.Finding? {
        guard !same.isEmpty else { return nil }
        let isProduction = HealthMeasures.isProduction(one.secret.place.scope.environment)
        let across = same.filter { HealthMeasures.isProduction($0.secret.place.scope.environment) != isProduction }
        // Under one name in two environments that are no production it is one secret, copied.
        let duplicates = same.filter { $0.name != one.name || $0.secret.place.project != one.secret.place.project }
        guard !across.isEmpty || !duplicates.isEmpty else { return nil }
        var found = finding(across.isEmpty ? .duplicate : .shared, one, field)
        found.others = Array((across.isEmpty ? duplicates : across).map(\.path).sorted().prefix(Self.mostOthers))
        return found
    }

    private func times(of one: ExaminedSecret) -> [HealthReport.Finding] {
        var findings: [HealthReport.Finding] = []
        if let end = one.secret.expiresAt {
            if end <= now { findings.append(finding(.expired, one, at: end)) }
            if end > now, end <= now.advanced(by: measures.expiringWithin) { findings.append(finding(.expiring, one, at: end)) }
        }
        if one.writtenAt.advanced(by: measures.oldAfter) <= now { findings.append(finding(.old, one, at: one.writtenAt)) }
        if let used, !used.contains(one.secret.id), one.secret.createdAt.advanced(by: measures.unusedAfter) <= now {
            findings.append(finding(.unused, one))
        }
        return findings
    }

    private func finding(_ kind: HealthReport.Kind, _ one: ExaminedSecret, _ field: SegmentName? = nil, at time: Timestamp? = nil)
        -> HealthReport.Finding
    {
        HealthReport.Finding(kind: kind, scope: one.secret.place.scope, name: one.name, field: field, time: time)
    }
}
