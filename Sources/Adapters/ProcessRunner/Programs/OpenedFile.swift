import CProcess
import Glibc

/// A file opened once: what is judged is what is executed.
@safe
final class OpenedFile {
    let descriptor: Int32
    /// The path it was opened by, as a script's interpreter will be told.
    let calledPath: String
    /// Where it lies, after every link.
    let path: String
    let device: UInt64
    let inode: UInt64
    let byteCount: Int

    /// Opens a regular file that may be executed; throws the errno otherwise.
    init(_ calledPath: String, from directory: Int32) throws(Errno) {
        let opened = unsafe tacit_open_path(directory, calledPath)
        guard opened >= 0 else { throw Errno(code: -opened) }
        var status = stat()
        var failure: Int32 = 0
        if unsafe fstat(opened, &status) != 0 {
            failure = errno
        } else if status.st_mode & S_IFMT != S_IFREG {
            failure = EACCES
        } else {
            failure = -tacit_check_executable(opened)
        }
        guard failure == 0 else {
            close(opened)
            throw Errno(code: failure)
        }
        descriptor = opened
        self.calledPath = calledPath
        let place = Self.link(of: opened)
        path = place.isEmpty ? calledPath : String(decoding: place, as: UTF8.self)
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        byteCount = Int(status.st_size)
    }

    deinit { close(descriptor) }

    /// The last part of the path.
    var baseName: String { Self.baseName(path) }

    /// The first bytes, or none when the file can be executed but not read.
    func header(_ count: Int) -> [UInt8] {
        let readable = tacit_reopen(descriptor)
        guard readable >= 0 else { return [] }
        defer { close(readable) }
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = max(0, unsafe pread(readable, buffer.baseAddress, count, 0))
        }
    }

    /// Where an open descriptor's file lies; nil when that cannot be told, or is no text: what would stand for it is another path.
    static func location(of descriptor: Int32) -> String? {
        let path = link(of: descriptor)
        return path.isEmpty ? nil : String(validating: path, as: UTF8.self)
    }

    private static func link(of descriptor: Int32) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, filled in
            guard let start = buffer.baseAddress else { return }
            filled = max(0, unsafe readlink("/proc/self/fd/\(descriptor)", start, buffer.count))
        }
    }

    static func baseName(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}

/// An error number of the operating system.
package struct Errno: Error, Equatable, Sendable {
    package let code: Int32

    package init(code: Int32) { self.code = code }

    /// The system's own sentence.
    package var text: String { unsafe String(cString: strerror(code)).lowercased() }
}
