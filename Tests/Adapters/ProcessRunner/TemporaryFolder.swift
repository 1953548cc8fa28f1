import CProcess
import Glibc
import TestKit

@testable import ProcessRunner

/// A folder that goes with the test.
final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/runner-test-XXXXXX".utf8CString)
        let result = unsafe tacit_make_private_directory(&template)
        guard result == 0 else { throw Errno(code: -result) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        unsafe chmod(path, 0o755)
    }

    deinit { _ = unsafe tacit_remove_tree(-1, path) }

    /// Writes a file and returns its path. It can be executed then, where its mode says so.
    @discardableResult
    func write(_ name: String, _ text: String, mode: mode_t = 0o755) throws -> String {
        let path = "\(path)/\(name)"
        let descriptor = unsafe open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Errno(code: errno) }
        let bytes = Array(text.utf8)
        let isWritten = unsafe Glibc.write(descriptor, bytes, bytes.count) == bytes.count && fchmod(descriptor, mode) == 0
        close(descriptor)
        guard isWritten else { throw Errno(code: errno) }
        try awaitNoWriter(path)
        return path
    }

    /// Copies a program. It can be executed then.
    func copy(_ source: String, as name: String, mode: mode_t = 0o755) throws -> String {
        let path = "\(path)/\(name)"
        guard unsafe Glibc.system("cp '\(source)' '\(path)'") == 0, unsafe chmod(path, mode) == 0 else { throw Errno(code: errno) }
        return path
    }

    func link(_ source: String, as name: String) -> String {
        unsafe symlink(source, "\(path)/\(name)")
        return "\(path)/\(name)"
    }
}

/// What lies in a directory.
func entries(of path: String) -> [String] {
    guard let directory = unsafe opendir(path) else { return [] }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
        let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
        if name != "." && name != ".." { names.append(name) }
    }
    return names
}

/// Whether a process exists and is no zombie.
func isLiving(_ process: Int32) -> Bool {
    guard let status = text(of: "/proc/\(process)/stat"), let end = status.lastIndex(of: ")") else { return false }
    return !status[end...].hasPrefix(") Z")
}

func text(of path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = unsafe read(descriptor, &buffer, buffer.count)
    return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
}

/// Waits until something is so.
func eventually(seconds: Double = 5, _ isSo: () -> Bool) -> Bool {
    let deadline = MonotonicClock.now() + Int64(seconds * 1000)
    while !isSo() {
        if MonotonicClock.now() > deadline { return false }
        usleep(2000)
    }
    return true
}
