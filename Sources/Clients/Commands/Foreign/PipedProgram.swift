import CProcess
import Glibc

/// A program of the person's whose output is a value: it comes through a pipe, and lies nowhere else.
struct PipedProgram {
    private let name: String
    private let path: String
    private let variables: [String]
    private let messages: Int32
    private let typing: UnseenTyping

    /// The first of that name in the PATH; nil when there is none.
    init?(_ name: String, _ context: CommandContext) {
        let folders = (context.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
        // An empty entry or a relative one is a place that somebody else chose.
        let found = folders.lazy.filter { $0.hasPrefix("/") }.map { "\($0)/\(name)" }.first { path in
            var facts = stat()
            guard unsafe stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return false }
            return unsafe access(path, X_OK) == 0
        }
        guard let found else { return nil }
        (self.name, path, messages, typing) = (name, found, context.messages, context.typing)
        variables = context.environment.map { "\($0)=\($1)" }
    }

    /// Starts it with a descriptor as its input, or none. What it says goes where this program's words go.
    func start(_ arguments: [String], input: Int32?) throws -> Process {
        // It may ask something itself.
        typing.end()
        var ends: [Int32] = [-1, -1]
        guard unsafe tacit_pipe(&ends) == 0 else { throw CommandFailure("`\(name)` cannot be started: there are no descriptors left") }
        defer { close(ends[1]) }
        let nothing = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { close(nothing) }
        let process = unsafe CStrings.with([name] + arguments) { arguments in
            unsafe CStrings.with(variables) { variables in
                unsafe tacit_spawn_piped(path, arguments, variables, [input ?? nothing, ends[1], messages])
            }
        }
        guard process > 0 else {
            close(ends[0])
            throw CommandFailure(errno: -process, "`\(name)` cannot be started")
        }
        return Process(identifier: process, output: ends[0])
    }

    /// One that runs. It is waited for when nobody holds it any more, too.
    final class Process {
        private var identifier: pid_t?
        private let output: Int32
        /// The most that a file of secrets has.
        private static let limit = ImportContent.maximumByteCount

        fileprivate init(identifier: pid_t, output: Int32) {
            self.identifier = identifier
            self.output = output
        }

        deinit {
            close(output)
            // Its next write fails, and it ends.
            if let identifier { Self.wait(identifier) }
        }

        /// Its whole output; nil when it ended with an error.
        func finish(naming what: String) throws -> WipedBytes? {
            let content = WipedBytes(try Input.readAll(output, limit: Self.limit, naming: what))
            guard let identifier else { return content }
            self.identifier = nil
            return Self.wait(identifier) == 0 ? content : nil
        }

        @discardableResult
        private static func wait(_ identifier: pid_t) -> Int32 {
            var status: Int32 = 0
            while unsafe waitpid(identifier, &status, 0) < 0 { guard errno == EINTR else { return -1 } }
            return status
        }
    }
}
