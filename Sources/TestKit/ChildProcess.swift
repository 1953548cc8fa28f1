import FoundationEssentials
import Glibc
import Synchronization

/// glibc's, which its header shows only to those who ask for GNU's extensions.
@_silgen_name("pipe2")
private func pipe2(_ ends: UnsafeMutablePointer<Int32>, _ flags: Int32) -> Int32

/// Another program, run by a test: its output is read line by line, and it is killed when the object goes.
package final class ChildProcess: Sendable {
    /// How a process ended.
    package enum End: Equatable, Sendable {
        case exit(Int32)
        case signal(Int32)
    }

    package let id: Int32
    private let output: Int32
    private let state = Mutex(State())

    private struct State {
        var unread: [UInt8] = []
        var end: End?
    }

    /// Starts a program by its path. Its errors go where ours go.
    package init(_ path: String, _ arguments: [String] = []) throws {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe2(&ends, O_CLOEXEC) == 0 else { throw TestFailure("no pipe (errno \(errno))") }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        var attributes = Self.defaultSignals()
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var words = unsafe ([path] + arguments).map { unsafe strdup($0) } + [nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        var started: Int32 = 0
        let code = unsafe posix_spawn(&started, path, &actions, &attributes, &words, environ)
        close(ends[1])
        (id, output) = (started, ends[0])
        guard code == 0 else {
            state.withLock { $0.end = .exit(127) }
            throw TestFailure("\(path) did not start (errno \(code))")
        }
    }

    deinit {
        kill()
        _ = wait()
        close(output)
    }

    /// No signal blocked and none ignored, whatever the thread that starts the child does with signals.
    private static func defaultSignals() -> posix_spawnattr_t {
        var attributes = posix_spawnattr_t()
        var (none, all) = (sigset_t(), sigset_t())
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_init(&attributes)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))
        return attributes
    }

    /// The path of an executable built beside the tests.
    package static func built(_ name: String) -> String {
        let tests = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        return URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent(name).path
    }

    /// The next line of the program's output, waiting for it; nil at its end. A line that was cut off by the end is not given.
    package func readLine() -> String? {
        while true {
            let line = state.withLock { state -> String? in
                guard let end = state.unread.firstIndex(of: 10) else { return nil }
                defer { state.unread.removeSubrange(...end) }
                return String(decoding: state.unread[..<end], as: UTF8.self)
            }
            if let line { return line }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = unsafe read(output, &buffer, buffer.count)
            guard count > 0 else { return nil }
            state.withLock { $0.unread += buffer[..<count] }
        }
    }

    /// Ends the process at once, wherever it stands.
    package func kill(_ signal: Int32 = SIGKILL) {
        state.withLock { state in
            if state.end == nil { Glibc.kill(id, signal) }
        }
    }

    /// Waits for the end of the process.
    @discardableResult
    package func wait() -> End {
        state.withLock { state in
            if let end = state.end { return end }
            var status: Int32 = 0
            while unsafe waitpid(id, &status, 0) < 0 && errno == EINTR {}
            let end: End = status & 0x7F == 0 ? .exit(status >> 8 & 0xFF) : .signal(status & 0x7F)
            state.end = end
            return end
        }
    }
}
