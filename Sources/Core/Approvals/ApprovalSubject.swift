import Crypto
package import Model

/// What exactly an agent asked for. An approval is good for this and for nothing else.
///
/// Everything that decides what the value is used for stands in here; a changed argument makes another digest, and so another request.
package struct ApprovalSubject: Sendable, Equatable {
    package var use: Use
    /// Nil for a program without badge.
    package var agent: AgentID?
    /// Nil where no program runs.
    package var program: BoundProgram?
    package var arguments: [String]
    /// Nil for a private one, and where no program runs.
    package var workingDirectory: FilePlace?
    /// Nil where the program runs without, and where none runs.
    package var sandbox: BoundSandbox?
    /// How long the program may run; nil where none does.
    package var timeLimit: Duration?
    /// Names of the environment's variables, values left out.
    package var variables: [String]
    package var secrets: [BoundSecret]
    /// SHA-256 of standard input, or of the body of a request, 32 bytes; nil when there is none.
    package var inputHash: [UInt8]?
    /// The session file that is to be written; nil where none is.
    package var file: BoundFile?
    /// The request that is to be made; not nil for the uses `request` and `send` alone.
    package var request: BoundRequest?

    /// The way of use. The raw value is part of the digest.
    package enum Use: String, Sendable, CaseIterable {
        case run, inject, reveal, mask, request
        /// A program sends a request of its own through the broker.
        case send
    }

    package init(
        _ use: Use, agent: AgentID?, program: BoundProgram? = nil, arguments: [String] = [], workingDirectory: FilePlace? = nil,
        sandbox: BoundSandbox? = nil, timeLimit: Duration? = nil, variables: [String] = [], secrets: [BoundSecret], inputHash: [UInt8]? = nil,
        file: BoundFile? = nil, request: BoundRequest? = nil
    ) {
        self.use = use
        self.agent = agent
        self.program = program
        self.arguments = arguments
        self.workingDirectory = workingDirectory
        self.sandbox = sandbox
        self.timeLimit = timeLimit
        self.variables = variables.sorted()
        self.secrets = secrets
        self.inputHash = inputHash
        self.file = file
        self.request = request
    }

    /// The hash of standard input, or of a body.
    package static func hash(_ input: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: input)) }

    /// SHA-256 over the canonical form, 32 bytes (SPEC §12).
    package var digest: [UInt8] {
        var writer = CanonicalWriter(capacity: 512)
        writer.write("tacit/v1/approval")
        write(to: &writer)
        return Array(SHA256.hash(data: writer.bytes))
    }
}
