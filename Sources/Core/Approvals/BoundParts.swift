package import Model

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

/// How the program is confined.
package struct BoundSandbox: Sendable, Equatable {
    /// Whether it does not run where the machine has no sandbox.
    package var isRequired: Bool
    /// Whether files leave that could not be searched for values.
    package var passesUnscanned: Bool
    /// What it may read besides its working directory.
    package var reads: [String]

    package init(isRequired: Bool, passesUnscanned: Bool = false, reads: [String] = []) {
        self.isRequired = isRequired
        self.passesUnscanned = passesUnscanned
        self.reads = reads
    }
}

/// A session file that values are written into. Which program reads it nobody knows.
package struct BoundFile: Sendable, Equatable {
    /// What its lines look like. The raw value is part of the digest.
    package enum Format: String, Sendable, CaseIterable { case dotenv, json }

    package var format: Format
    /// How often it can be read, for one that is offered as a pipe; nil for a file.
    package var reads: Int64?
    /// When it is removed at the latest, from when it was written.
    package var life: Duration

    package init(format: Format, reads: Int64?, life: Duration) {
        self.format = format
        self.reads = reads
        self.life = life
    }
}

/// A request that the broker makes, or a program sends through it. What the service does with it nobody knows.
package struct BoundRequest: Sendable, Equatable {
    /// One header field of the agent's own.
    package struct Field: Sendable, Equatable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    package var method: String
    /// Scheme, host and port, as `https://api.example.com`.
    package var origin: String
    /// Path and query in the form in which they are sent, without the credential.
    package var target: String
    /// In their order.
    package var fields: [Field]
    /// The program that sends it; nil where the broker makes it.
    package var sender: Sender?

    /// What is known of a program's request besides.
    package struct Sender: Sendable, Equatable {
        /// Of the door that it came by: one of another run is another request. 16 bytes.
        package var door: [UInt8]
        /// SHA-256 of target and fields with the fake tokens in them, in whose place the others have marks.
        package var headHash: [UInt8]
        package var bodyByteCount: Int64

        package init(door: [UInt8], headHash: [UInt8], bodyByteCount: Int64) {
            (self.door, self.headHash, self.bodyByteCount) = (door, headHash, bodyByteCount)
        }
    }

    package init(method: String, origin: String, target: String, fields: [Field], sender: Sender? = nil) {
        (self.method, self.origin, self.target, self.fields, self.sender) = (method, origin, target, fields, sender)
    }
}

/// One field of one version, and where it goes.
package struct BoundSecret: Sendable, Equatable {
    package var secret: SecretID
    package var version: Int64
    /// The field's ordinal in that version.
    package var field: Int64
    package var destination: Destination

    /// Where a value goes.
    package enum Destination: Sendable, Equatable {
        /// Whoever asks: it is revealed, or its mask is.
        case asker
        /// A variable of the program, or a line of a session file.
        case variable(String)
        /// A private file of the run; the variable holds its path.
        case file(String)
        /// Standard input, with the text that stands there before and after the value.
        case standardInput(InputText)
        /// This place of the request, as a rule names it.
        case request(String)
    }

    package init(secret: SecretID, version: Int64, field: Int64, to destination: Destination) {
        self.secret = secret
        self.version = version
        self.field = field
        self.destination = destination
    }
}
