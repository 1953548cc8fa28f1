/// What is wrong with the secrets of a vault: never a value.
public struct HealthResult: Codable, Sendable, Equatable {
    /// What is wrong, the worst first.
    public enum Kind: String, Codable, Sendable { case shared, weak, expired, duplicate, expiring, old, unused }

    public struct Finding: Codable, Sendable, Equatable {
        public var kind: Kind
        /// Whether it is something to mend now, and no advice.
        public var isProblem: Bool
        /// `PROJECT/ENVIRONMENT`.
        public var scope: String
        public var name: String
        /// The field it is about; nil for the secret as a whole.
        public var field: String?
        /// Where the same value stands, as `PROJECT/ENVIRONMENT/NAME`; ten at most.
        public var others: [String]
        /// When it ends or ended, or was written.
        public var time: String?

        public init(
            kind: Kind, isProblem: Bool, scope: String, name: String, field: String? = nil, others: [String] = [], time: String? = nil
        ) {
            self.kind = kind
            self.isProblem = isProblem
            self.scope = scope
            self.name = name
            self.field = field
            self.others = others
            self.time = time
        }
    }

    public var score: Int
    public var secrets: Int
    public var findings: [Finding]

    public init(score: Int, secrets: Int, findings: [Finding]) { (self.score, self.secrets, self.findings) = (score, secrets, findings) }
}
