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
    /// The directory's path; nil for a private one.
    package var workingDirectory: String?
    /// Names of the environment's variables, values left out.
    package var variables: [String]
    package var secrets: [BoundSecret]
    /// SHA-256 of standard input, 32 bytes; nil when there is none.
    package var inputHash: [UInt8]?

    /// The way of use. The raw value is part of the digest.
    package enum Use: String, Sendable, CaseIterable {
        case run, inject, reveal, mask
    }

    package init(
        _ use: Use, agent: AgentID?, program: BoundProgram? = nil, arguments: [String] = [], workingDirectory: String? = nil,
        variables: [String] = [], secrets: [BoundSecret], inputHash: [UInt8]? = nil
    ) {
        self.use = use
        self.agent = agent
        self.program = program
        self.arguments = arguments
        self.workingDirectory = workingDirectory
        self.variables = variables.sorted()
        self.secrets = secrets
        self.inputHash = inputHash
    }

    /// The hash of standard input.
    package static func hash(_ input: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: input)) }

    /// SHA-256 over the canonical form, 32 bytes (SPEC §12).
    package var digest: [UInt8] {
        var writer = CanonicalWriter(capacity: 512)
        writer.write("tacit/v1/approval")
        write(to: &writer)
        return Array(SHA256.hash(data: writer.bytes))
    }
}

/// The program of a run, by its content.
package struct BoundProgram: Sendable, Equatable {
    package var path: String
    /// SHA-256 of the file that is executed, 32 bytes.
    package var hash: [UInt8]
    /// What the program reads and decides by, and what no digest binds: a script, a configuration.
    package var notBound: [String]

    package init(path: String, hash: [UInt8], notBound: [String] = []) {
        self.path = path
        self.hash = hash
        self.notBound = notBound
    }
}

/// One field of one version on its way into a variable, a file or standard input.
package struct BoundSecret: Sendable, Equatable {
    package var secret: SecretID
    package var version: Int64
    /// The field's ordinal in that version.
    package var field: Int64
    /// The variable; nil for standard input, or for what is revealed.
    package var variable: String?

    package init(secret: SecretID, version: Int64, field: Int64, variable: String? = nil) {
        self.secret = secret
        self.version = version
        self.field = field
        self.variable = variable
    }
}

extension ApprovalSubject {
    func write(to writer: inout CanonicalWriter) {
        writer.write(use.rawValue)
        writer.write(optional: agent) { $0.write($1) }
        writer.write(optional: program) { writer, program in
            writer.write(program.path)
            writer.write(program.hash)
            writer.write(list: program.notBound) { $0.write($1) }
        }
        writer.write(list: arguments) { $0.write($1) }
        writer.write(optional: workingDirectory) { $0.write($1) }
        writer.write(list: variables) { $0.write($1) }
        writer.write(list: secrets) { writer, secret in
            writer.write(secret.secret)
            writer.write(secret.version)
            writer.write(secret.field)
            writer.write(optional: secret.variable) { $0.write($1) }
        }
        writer.write(optional: inputHash) { $0.write($1) }
    }

    init(from reader: inout CanonicalReader) throws(CanonicalError) {
        guard let use = Use(rawValue: try reader.text()) else { throw .malformed }
        self.use = use
        agent = try reader.optional { reader throws(CanonicalError) in try reader.id() }
        program = try reader.optional { reader throws(CanonicalError) in
            BoundProgram(
                path: try reader.text(), hash: try reader.data(),
                notBound: try reader.list { reader throws(CanonicalError) in try reader.text() })
        }
        arguments = try reader.list { reader throws(CanonicalError) in try reader.text() }
        workingDirectory = try reader.optional { reader throws(CanonicalError) in try reader.text() }
        variables = try reader.list { reader throws(CanonicalError) in try reader.text() }
        secrets = try reader.list { reader throws(CanonicalError) in
            BoundSecret(
                secret: try reader.id(), version: try reader.int64(), field: try reader.int64(),
                variable: try reader.optional { reader throws(CanonicalError) in try reader.text() })
        }
        inputHash = try reader.optional { reader throws(CanonicalError) in try reader.data() }
    }
}
