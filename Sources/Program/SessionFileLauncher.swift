import Glibc
import Model
import ProcessRunner
import Secrets

/// Gives the vault its session files: in the keeper's runtime directory, which systems keep in memory.
struct SessionFileLauncher: SessionFileSupply {
    private let files: SessionFiles

    /// Takes the directory, and removes what a keeper that was killed left in it.
    init(directory: String) throws { files = try SessionFiles(directory: directory) }

    func make(_ draft: SessionFileDraft, ended: @escaping @Sendable () -> Void) throws -> SessionFilePlace {
        let format: SessionFileText.Format = draft.format == .json ? .json : .dotenv
        let items = draft.items.map { item in
            switch item.content {
            case .value(let value): SessionFileText.Item(variable: item.variable, content: .value(value))
            case .reference(let text): SessionFileText.Item(variable: item.variable, content: .reference(text))
            }
        }
        do {
            let path =
                try draft.reads.map { try files.offer(draft.id, format, items, reads: $0, ended: ended) }
                ?? files.make(draft.id, format, items)
            return SessionFilePlace(path: path, isInMemory: files.isInMemory)
        } catch let error as SessionFileError {
            // What the asker can change is told as any other refusal of a request.
            if case .notText = error { throw EngineError.invalid(error.message, hint: error.hint) }
            if case .variable = error { throw EngineError.invalid(error.message, hint: error.hint) }
            if case .tooLarge = error { throw EngineError.invalid(error.message, hint: error.hint) }
            throw error
        }
    }

    func remove(_ id: String) { files.remove(id) }
}
