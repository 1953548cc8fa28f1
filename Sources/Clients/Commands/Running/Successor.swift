import CProcess
import Glibc

/// The command that this process becomes: its words and its environment, values included, in one block that is overwritten if it comes to nothing.
@safe
final class Successor {
    /// The longest `NAME=VALUE` that Linux takes, its end mark not counted (MAX_ARG_STRLEN).
    static let longestEntry = (128 << 10) - 1

    /// F_SETPIPE_SZ, which the importer leaves out.
    private static let setPipeSize: Int32 = 1031

    private let command: [String]
    private let inherited: [String: String]
    private var entries: [Entry] = []
    /// The reading end of a pipe that holds a value for standard input.
    private var input: Int32?

    init(_ command: [String], _ inherited: [String: String], replacing variables: [String]) {
        self.command = command
        self.inherited = inherited.filter { !variables.contains($0.key) }
    }

    deinit { if let input { close(input) } }

    /// Adds a variable.
    func add(_ value: WipedBytes, as variable: String) throws {
        guard !value.bytes.contains(0) else { throw Self.unfit(variable, "has a zero byte") }
        guard variable.utf8.count + 1 + value.count <= Self.longestEntry else { throw Self.unfit(variable, "is longer than 128 KiB") }
        entries.append(Entry(variable, value))
    }

    private static func unfit(_ variable: String, _ reason: String) -> CommandFailure {
        CommandFailure(
            "the value for \(variable) \(reason), which no variable can hold", hint: "send it to standard input: `--stdin KEY`",
            code: "injection.not-a-variable")
    }

    /// Puts a value where the command reads its standard input.
    func feed(_ value: WipedBytes) throws {
        var ends: [Int32] = [-1, -1]
        guard unsafe tacit_pipe(&ends) == 0 else { throw CommandFailure(errno: errno, "standard input cannot be made") }
        defer { close(ends[1]) }
        input = ends[0]
        // The pipe must hold all of it: nobody stays to fill it.
        guard fcntl(ends[1], Self.setPipeSize, Int32(max(value.count, 1))) >= 0 || value.count <= 64 << 10 else {
            throw CommandFailure(
                "the value is longer than a pipe holds", hint: "leave out `--no-mask`, or read it with `tacit get`", code: "injection.too-long")
        }
        var done = 0
        while done < value.count {
            let count = unsafe value.bytes.withUnsafeBytes { unsafe write(ends[1], $0.baseAddress.map { unsafe $0 + done }, value.count - done) }
            guard count > 0 else { throw CommandFailure(errno: errno, "standard input cannot be filled") }
            done += count
        }
    }

    /// Becomes the command. It returns only by throwing why it could not. What the caller blocks or ignores of signals stays so, as with `env`.
    func replaceProcess() throws {
        if let input { dup2(input, STDIN_FILENO) }
        let variables = inherited.map { "\($0.key)=\($0.value)" }.sorted()
        let error = unsafe CStrings.with(command) { words in
            unsafe CStrings.with(variables) { variables in unsafe self.execute(words, variables) }
        }
        throw Self.failure(command[0], error)
    }

    /// Tries the command's name in every directory of PATH, as a shell does. Gives the error number.
    private func execute(
        _ words: UnsafePointer<UnsafeMutablePointer<CChar>?>, _ variables: UnsafePointer<UnsafeMutablePointer<CChar>?>
    ) -> Int32 {
        let count = inherited.count
        let environment = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: count + entries.count + 1)
        defer { unsafe environment.deallocate() }
        for index in 0..<count { unsafe environment[index] = variables[index] }
        for (index, entry) in entries.enumerated() { unsafe environment[count + index] = entry.start }
        unsafe environment[count + entries.count] = nil
        var error = ENOENT
        for path in candidates {
            unsafe execve(path, words, environment)
            switch errno {
            case ENOENT, ENOTDIR: continue
            case EACCES: error = EACCES
            default: return errno
            }
        }
        return error
    }

    private var candidates: [String] {
        if command[0].contains("/") { return [command[0]] }
        let directories = (inherited["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":", omittingEmptySubsequences: false)
        return directories.map { $0.isEmpty ? command[0] : "\($0)/\(command[0])" }
    }

    private static func failure(_ program: String, _ error: Int32) -> CommandFailure {
        switch error {
        case ENOENT:
            let hint = program.contains("/") ? nil : "give its full path, if it lies outside the search path"
            return CommandFailure("there is no program `\(program.printable)`", hint: hint, code: "run.program-not-found")
        case E2BIG:
            return CommandFailure(
                "the arguments and variables are larger than the system takes", hint: "pass the large value with `--stdin KEY`", code: "run.too-large"
            )
        default:
            return CommandFailure("`\(program.printable)` cannot be executed: \(SystemError.text(error))", code: "run.program-not-executable")
        }
    }
}

/// One `NAME=VALUE` with its end mark, overwritten when it is let go.
@safe
private final class Entry {
    private let bytes: UnsafeMutableBufferPointer<CChar>

    init(_ variable: String, _ value: WipedBytes) {
        unsafe bytes = .allocate(capacity: variable.utf8.count + value.count + 2)
        var end = 0
        for byte in variable.utf8 {
            unsafe bytes.initializeElement(at: end, to: CChar(bitPattern: byte))
            end += 1
        }
        unsafe bytes.initializeElement(at: end, to: CChar(bitPattern: UInt8(ascii: "=")))
        for (index, byte) in value.bytes.enumerated() { unsafe bytes.initializeElement(at: end + 1 + index, to: CChar(bitPattern: byte)) }
        unsafe bytes.initializeElement(at: bytes.count - 1, to: 0)
    }

    deinit {
        if let start = unsafe bytes.baseAddress { unsafe explicit_bzero(start, bytes.count) }
        unsafe bytes.deallocate()
    }

    var start: UnsafeMutablePointer<CChar>? { unsafe bytes.baseAddress }
}
