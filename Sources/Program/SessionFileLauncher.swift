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
        do throws(SessionFileError) {
            let path = try files.make(draft, ended: ended)
            return SessionFilePlace(path: path, isInMemory: files.isInMemory)
        } catch {
            // What the asker can change is told as any other refusal of a request.
            if case .notText = error { throw EngineError.invalid(error.message, hint: error.hint) }
            if case .variable = error { throw EngineError.invalid(error.message, hint: error.hint) }
            if case .tooLarge = error { throw EngineError.invalid(error.message, hint: error.hint) }
            throw error
        }
    }

    func remove(_ id: String) { files.remove(id) }
}
