package import Model

/// What is wrong with the secrets of a vault. It holds no value, and nothing of it is stored.
package struct HealthReport: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        /// The same value in production and elsewhere.
        case shared
        /// A value that could be guessed.
        case weak
        /// Past its time: nothing can use it.
        case expired
        /// The same value under several names.
        case duplicate
        case expiring
        /// One value for longer than `HealthMeasures.oldAfter`.
        case old
        /// Used by nothing for longer than `HealthMeasures.unusedAfter`.
        case unused

        /// Whether it is something to mend now, and no advice.
        package var isProblem: Bool {
            switch self {
            case .shared, .weak, .expired: true
            case .duplicate, .expiring, .old, .unused: false
            }
        }

        /// How much of a secret's share of the score it takes, in percent.
        var weight: Int {
            switch self {
            case .shared, .weak: 100
            case .expired: 80
            case .duplicate: 50
            case .expiring, .old, .unused: 20
            }
        }
    }

    /// One thing that is wrong with one secret.
    package struct Finding: Sendable, Equatable {
        package var kind: Kind
        package var scope: Scope
        package var name: SecretName
        /// The field it is about; nil for the secret as a whole.
        package var field: SegmentName?
        /// Where the same value stands, as `PROJECT/ENVIRONMENT/NAME`.
        package var others: [String] = []
        /// When it ends or ended, was written, or was last used.
        package var time: Timestamp?
    }

    /// The worst first.
    package var findings: [Finding]
    package var secrets: Int
    /// 0 to 100: of each secret's share its worst finding takes a part.
    package var score: Int

    init(_ findings: [Finding], secrets: Int) {
        let order = Dictionary(Kind.allCases.enumerated().map { ($1, $0) }) { first, _ in first }
        self.findings = findings.sorted { left, right in
            (order[left.kind] ?? 0, "\(left.scope)/\(left.name)") < (order[right.kind] ?? 0, "\(right.scope)/\(right.name)")
        }
        self.secrets = secrets
        let lost = Dictionary(findings.map { ("\($0.scope)/\($0.name)", $0.kind.weight) }, uniquingKeysWith: max).values.reduce(0, +)
        score = secrets == 0 ? 100 : max(0, 100 - (lost + secrets - 1) / secrets)
    }
}

/// From when on something is a finding.
package struct HealthMeasures: Sendable {
    package var expiringWithin = Duration.seconds(30 * 86_400)
    package var oldAfter = Duration.seconds(365 * 86_400)
    package var unusedAfter = Duration.seconds(90 * 86_400)
    /// Whose secrets are told of; nil for every project's. What they are compared with is the whole vault.
    package var project: SegmentName?
    /// In which environments; nil for all.
    package var environment: SegmentName?

    package init() {}

    /// Whether secrets of a place are told of.
    func covers(_ scope: Scope) -> Bool {
        (project.map { $0 == scope.project } ?? true) && (environment.map { $0 == scope.environment } ?? true)
    }

    /// Whether an environment is taken for production by its name.
    static func isProduction(_ name: SegmentName) -> Bool {
        let word = name.description.lowercased()
        return word.hasPrefix("prod") || ["live", "prd"].contains(word)
    }
}
