import Glibc
import Policies

/// Finds the program of a command, opens it once, and follows a script to the native program that executes it.
struct ProgramResolver {
    /// How many scripts may stand between a command and its native program.
    static let maximumDepth = 4

    let searchPath: String
    /// The working directory, as a descriptor: relative paths are read there.
    let directory: Int32

    /// A program that is ready to be executed.
    struct Resolution {
        /// What the command names.
        let file: OpenedFile
        /// What is executed; the same file unless it is a script.
        let program: OpenedFile
        /// What executes a script, each opened by the one before it; the last one is native.
        let interpreters: [OpenedFile]
        let arguments: [String]
        let facts: ProgramFacts
    }

    func resolve(_ arguments: [String]) throws(RunRefusal) -> Resolution {
        guard let name = arguments.first, !name.isEmpty else { throw .emptyCommand }
        let file = try find(name)
        let (interpreters, words) = try interpreters(of: file, arguments, depth: 0)
        let program = interpreters.last ?? file
        let isScript = program !== file
        let kind = ProgramClass(called: OpenedFile.baseName(name), opened: file.baseName, isScript: isScript)
        let facts = ProgramFacts(
            path: file.path, device: Int64(bitPattern: file.device), inode: Int64(bitPattern: file.inode), programClass: kind,
            interpreter: isScript ? program.path : nil)
        return Resolution(file: file, program: program, interpreters: interpreters, arguments: words, facts: facts)
    }

    /// Opens a program by path, or by name along the search path.
    func find(_ name: String) throws(RunRefusal) -> OpenedFile {
        if name.contains("/") { return try open(name) }
        var denied: Errno?
        for folder in searchPath.split(separator: ":", omittingEmptySubsequences: false) {
            do throws(Errno) {
                return try OpenedFile(folder.isEmpty ? "./\(name)" : "\(folder)/\(name)", from: directory)
            } catch {
                if error.code != ENOENT && error.code != ENOTDIR { denied = error }
            }
        }
        if let denied { throw .notExecutable(name, denied) }
        throw .notFound(name)
    }

    private func open(_ path: String) throws(RunRefusal) -> OpenedFile {
        do throws(Errno) { return try OpenedFile(path, from: directory) } catch {
            if error.code == ENOENT || error.code == ENOTDIR { throw .notFound(path) }
            throw .notExecutable(path, error)
        }
    }

    /// The programs that execute a file, and the words that the last one gets; none for a native one.
    private func interpreters(of file: OpenedFile, _ arguments: [String], depth: Int) throws(RunRefusal) -> ([OpenedFile], [String]) {
        let header = file.header(Shebang.headerLength)
        guard header.starts(with: "#!".utf8) else { return ([], arguments) }
        guard depth < Self.maximumDepth else { throw .tooManyScripts(file.calledPath) }
        guard let line = Shebang(header: header) else { throw .badShebang(file.calledPath) }
        var interpreter = try open(line.interpreter)
        var words = [line.interpreter] + (line.argument.map { [$0] } ?? [])
        if interpreter.baseName == "env", let named = line.wordsForEnv {
            interpreter = try find(named[0])
            words = named
        }
        let (others, last) = try interpreters(of: interpreter, words + [file.calledPath] + arguments.dropFirst(), depth: depth + 1)
        return ([interpreter] + others, last)
    }
}
