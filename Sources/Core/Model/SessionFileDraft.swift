/// A session file before it is written: what an agent has put into a file for a program that it does not start itself.
package struct SessionFileDraft: Sendable {
    package enum Format: String, Sendable, CaseIterable {
        case dotenv, json
        /// The certificates that programs of another file trust: the system's, and that of its one item.
        case certificates
    }

    /// One line of the file.
    package struct Item: Sendable {
        package var variable: String
        package var content: Content

        package init(variable: String, content: Content) {
            self.variable = variable
            self.content = content
        }
    }

    package enum Content: Sendable {
        case value(SecretValue)
        /// A reference, which whoever uses the file resolves.
        case reference(String)
        /// What is no secret.
        case text(String)
    }

    package let id: String
    package let format: Format
    package var items: [Item]
    /// How often it can be read, for one that is offered as a pipe; nil for a file.
    package let reads: Int?

    package init(id: String, format: Format, items: [Item], reads: Int? = nil) {
        precondition(Self.isID(id), "internal: a session file's id is drawn by freshID")
        self.id = id
        self.format = format
        self.items = items
        self.reads = reads
    }
}

extension SessionFileDraft {
    /// An id that no other file has.
    package static func freshID(_ random: RandomBytes) -> String { "f" + random.bytes(12).hexadecimal }

    /// How the file is called in its directory.
    package var fileName: String { id + format.suffix }

    /// Whether a file of this name can be a session file. Whatever is called otherwise is somebody else's.
    package static func isFileName(_ name: String) -> Bool {
        Format.allCases.contains { name.hasSuffix($0.suffix) && isID(String(name.dropLast($0.suffix.count))) }
    }

    private static func isID(_ text: String) -> Bool { text.first == "f" && [UInt8](hexadecimal: text.dropFirst())?.count == 12 }
}

extension SessionFileDraft.Format {
    fileprivate var suffix: String {
        switch self {
        case .dotenv: ".env"
        case .json: ".json"
        case .certificates: ".pem"
        }
    }
}
