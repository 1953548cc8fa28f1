import Glibc

/// Finds the project and environment that a command means: option, then environment variable, then the nearest `.tacit.yaml` upward, then `default/dev`.
struct ScopeResolver {
    let context: CommandContext

    /// The nearest `.tacit.yaml` and where it lies.
    struct Found {
        var path: String
        var file: ProjectFile
    }

    func scope(_ options: ScopeOptions) throws -> Scope { try scope(project: options.project, environment: options.environment) }

    func scope(project: String?, environment: String?) throws -> Scope {
        let project = try given(project, "TACIT_PROJECT", "project", "--project")
        let environment = try given(environment, "TACIT_ENVIRONMENT", "environment", "--env")
        if let project, let environment { return Scope(project: project, environment: environment) }
        let file = try projectFile()?.file
        return Scope(
            project: project ?? file?.project ?? Scope.usual.project, environment: environment ?? file?.environment ?? Scope.usual.environment)
    }

    /// The scope for a prompt; where there is none, a mark of why.
    func mark(_ options: ScopeOptions) -> String {
        if let scope = try? scope(options) { return scope.text }
        do { _ = try projectFile() } catch { return Self.brokenFile }
        return "scope?"
    }

    /// Stands in a prompt for a file of no use.
    static let brokenFile = "\(ProjectFile.name)?"

    /// What the person said by option or variable, whatever a `.tacit.yaml` says: a directory's file may be somebody else's.
    func spoken(_ options: ScopeOptions) throws -> Scope {
        Scope(
            project: try given(options.project, "TACIT_PROJECT", "project", "--project") ?? Scope.usual.project,
            environment: try given(options.environment, "TACIT_ENVIRONMENT", "environment", "--env") ?? Scope.usual.environment)
    }

    private func given(_ option: String?, _ variable: String, _ thing: String, _ name: String) throws -> String? {
        if let option {
            guard NameShape.isSegment(option.utf8) else { throw Self.badName("the \(thing) given by `\(name)`") }
            return option
        }
        guard let text = context.environment[variable], !text.isEmpty else { return nil }
        guard NameShape.isSegment(text.utf8) else { throw Self.badName("the \(thing) in \(variable)") }
        return text
    }

    static func badName(_ what: String) -> CommandFailure {
        CommandFailure("\(what) is no name", hint: "a name is 1 to 64 characters out of A-Z a-z 0-9 . _ -", status: .usage, code: "name.invalid")
    }

    /// The nearest `.tacit.yaml`, from the current directory upward. One that somebody else could have written is refused.
    func projectFile() throws -> Found? {
        var directory = context.currentDirectory
        while true {
            let path = directory == "/" ? "/\(ProjectFile.name)" : "\(directory)/\(ProjectFile.name)"
            if let yaml = try read(path) {
                do { return Found(path: path, file: try ProjectFile(yaml: yaml)) } catch { throw CommandFailure(error, in: path) }
            }
            guard directory != "/", let slash = directory.lastIndex(of: "/") else { return nil }
            directory = slash == directory.startIndex ? "/" : String(directory[..<slash])
        }
    }

    private func read(_ path: String) throws -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw CommandFailure(errno: errno, "\(path) cannot be read", hint: "name project and environment with -p and -e")
        }
        defer { close(descriptor) }
        var facts = stat()
        guard unsafe fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { throw Self.refused(path, "is not a file", "remove it") }
        guard facts.st_uid == context.userID || facts.st_uid == 0 else {
            throw Self.refused(path, "belongs to another user", "remove it, or name project and environment with -p and -e")
        }
        guard facts.st_mode & 0o022 == 0 else { throw Self.refused(path, "can be written by other users", "chmod go-w \(path)") }
        return try Input.readAll(descriptor, limit: 1 << 20, naming: path)
    }

    private static func refused(_ path: String, _ reason: String, _ fix: String) -> CommandFailure {
        CommandFailure("\(path) \(reason)", hint: fix, status: .usage, code: "project-file.refused")
    }
}
