import CProcess
import Glibc

/// A file of its own, 0600, that a person edits and that is gone afterwards.
final class EditedFile {
    private let directory: String
    private let path: String

    init(content: [UInt8], named name: String, in parent: String) throws {
        try PrivateDirectory.make(parent)
        var template = Array("\(parent)/edit-XXXXXX".utf8CString)
        let result = unsafe tacit_make_private_directory(&template)
        guard result == 0 else { throw CommandFailure(errno: -result, "\(parent) cannot be written") }
        directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        path = "\(directory)/\(name)"
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw CommandFailure(errno: errno, "\(path) cannot be written") }
        Console.write(content, to: descriptor)
        close(descriptor)
    }

    func content(limit: Int) throws -> [UInt8] { try Input.readFile(path, limit: limit, naming: "the edited file") }

    /// Starts the editor and waits until it ends.
    func edit(_ context: CommandContext) throws {
        let editor = ["VISUAL", "EDITOR"].lazy.compactMap { context.environment[$0] }.first { !$0.isEmpty } ?? "vi"
        // As git does: the variable may hold arguments.
        let arguments = ["/bin/sh", "-c", "\(editor) \"$@\"", editor, path]
        let variables = context.environment.map { "\($0)=\($1)" }
        context.typing.end()
        var process: pid_t = 0
        let error = unsafe CStrings.with(arguments) { arguments in
            unsafe CStrings.with(variables) { variables in unsafe posix_spawn(&process, "/bin/sh", nil, nil, arguments, variables) }
        }
        guard error == 0 else { throw CommandFailure(errno: error, "the editor cannot be started") }
        // What is typed in the editor is for the editor.
        let interrupt = signal(SIGINT, SIG_IGN)
        let quit = signal(SIGQUIT, SIG_IGN)
        defer {
            signal(SIGINT, interrupt)
            signal(SIGQUIT, quit)
        }
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { throw CommandFailure(errno: errno, "the editor cannot be waited for") }
        }
        guard status == 0 else {
            throw CommandFailure(
                "the editor ended with an error, so nothing was changed", hint: "set EDITOR to one that works here", code: "editor.failed")
        }
    }

    func remove() { unsafe tacit_remove_tree(-1, directory) }
}
