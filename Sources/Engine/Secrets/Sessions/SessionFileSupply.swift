package import Model

/// Makes and removes session files: outside the vault and every working tree, and in memory where there is such a place.
package protocol SessionFileSupply: Sendable {
    /// Writes a file that nobody had, or offers it to readers, and says where it is. What fails leaves nothing behind.
    func make(_ draft: SessionFileDraft, ended: @escaping @Sendable () -> Void) throws -> SessionFilePlace
    /// Overwrites and removes a file; once it returns nobody can open it any more.
    func remove(_ id: String)
}

/// Where a session file lies.
package struct SessionFilePlace: Sendable, Equatable {
    package var path: String
    /// Whether it lies in memory and never on a disk.
    package var isInMemory: Bool

    package init(path: String, isInMemory: Bool) {
        self.path = path
        self.isInMemory = isInMemory
    }
}

/// A session file before it is written.
package struct SessionFileDraft: Sendable {
    package enum Format: String, Sendable, CaseIterable { case dotenv, json }

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
    }

    package var id: String
    package var format: Format
    package var items: [Item]
    /// How often it can be read, for one that is offered as a pipe; nil for a file.
    package var reads: Int?

    package init(id: String, format: Format, items: [Item], reads: Int? = nil) {
        self.id = id
        self.format = format
        self.items = items
        self.reads = reads
    }
}

/// Where there is no place for session files.
package struct NoSessionFiles: SessionFileSupply {
    package init() {}

    package func make(_ draft: SessionFileDraft, ended: @escaping @Sendable () -> Void) throws -> SessionFilePlace {
        throw EngineError.invalid("this keeper has no place for session files", hint: nil)
    }

    package func remove(_ id: String) {}
}
