/// What of an agent's output was not passed on.
public struct RunOutput: Codable, Sendable, Equatable {
    /// One stream that ended for the agent before it did for the program.
    public struct Withheld: Codable, Sendable, Equatable {
        /// `stdout` or `stderr`.
        public var stream: String
        /// A stable name: `compressed`, `guessable`, `fuse`.
        public var reason: String
        /// The secret whose value was hit, where that is why.
        public var secret: String?
        /// How much the program wrote from there on.
        public var bytes: Int

        public init(stream: String, reason: String, secret: String? = nil, bytes: Int) {
            self.stream = stream
            self.reason = reason
            self.secret = secret
            self.bytes = bytes
        }

        /// Why, in one sentence without its point.
        public var sentence: String { "\(stream) ends before \(bytes) bytes that were withheld: \(explanation)" }

        private var explanation: String {
            switch reason {
            case "compressed":
                secret.map { "compressed data holds a value of \($0); keep the program from printing it" }
                    ?? "compressed data could not be searched for values; let the program print text, or the person can set `unredactable: allow` in the policy"
            case "guessable":
                "a value of \(secret ?? "a secret") comes next, and it could be guessed: a placeholder would say whether a guess was right; keep the "
                    + "program from printing it, or the person can store a longer random value"
            case "fuse":
                "output answered guesses at a secret of this run three times within a day; a person looks at what was run, and resets it with "
                    + "`tacit agent reset-output`"
            default: reason
            }
        }
    }

    public var withheld: [Withheld]

    public init(withheld: [Withheld]) { self.withheld = withheld }
}
