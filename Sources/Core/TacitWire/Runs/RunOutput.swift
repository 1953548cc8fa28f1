/// What of an agent's output was not passed on.
public struct RunOutput: Codable, Sendable, Equatable {
    /// One stream that ended for the agent before it did for the program.
    public struct Withheld: Codable, Sendable, Equatable {
        /// `stdout` or `stderr`.
        public var stream: String
        /// A stable name: `compressed`.
        public var reason: String
        /// How much the program wrote from there on.
        public var bytes: Int

        public init(stream: String, reason: String, bytes: Int) {
            self.stream = stream
            self.reason = reason
            self.bytes = bytes
        }

        /// Why, in one sentence without its point.
        public var sentence: String { "\(stream) ends before \(bytes) bytes that were withheld: \(explanation)" }

        private var explanation: String {
            switch reason {
            case "compressed":
                "compressed data cannot be searched for values; let the program print text, or the person can set `unredactable: allow` in the policy"
            default: reason
            }
        }
    }

    public var withheld: [Withheld]

    public init(withheld: [Withheld]) { self.withheld = withheld }
}
