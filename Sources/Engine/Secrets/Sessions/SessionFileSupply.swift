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

/// Where there is no place for session files.
package struct NoSessionFiles: SessionFileSupply {
    package init() {}

    package func make(_ draft: SessionFileDraft, ended: @escaping @Sendable () -> Void) throws -> SessionFilePlace {
        throw EngineError.invalid("this keeper has no place for session files", hint: nil)
    }

    package func remove(_ id: String) {}
}
