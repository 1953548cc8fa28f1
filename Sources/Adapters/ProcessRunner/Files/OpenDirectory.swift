import CSandbox
import Glibc

/// A directory that was opened. What is below it is reached by single names, and no link is followed.
final class OpenDirectory {
    let descriptor: Int32

    /// Takes over a descriptor.
    init(taking descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Opens for reading what a descriptor names.
    convenience init?(reopening descriptor: Int32) {
        let opened = unsafe tacit_open_below(descriptor, ".", O_RDONLY | O_DIRECTORY, 0, 0)
        guard opened >= 0 else { return nil }
        self.init(taking: opened)
    }

    /// A directory in this one; nil when there is none, or something else.
    func directory(_ name: String) -> OpenDirectory? {
        let opened = open(name, O_RDONLY | O_DIRECTORY)
        return opened < 0 ? nil : OpenDirectory(taking: opened)
    }

    /// Opens an entry; an error below zero.
    func open(_ name: String, _ flags: Int32, mode: UInt32 = 0) -> Int32 {
        unsafe tacit_open_below(descriptor, name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, mode, UInt64(TACIT_BENEATH | TACIT_NO_LINKS))
    }

    /// What an entry is; nil when there is none.
    func facts(_ name: String) -> stat? {
        var facts = stat()
        return unsafe fstatat(descriptor, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 ? facts : nil
    }

    /// The names in it, in order, as far as they can be read; a name that is no text is nil.
    var names: [String?] { allNames ?? [] }

    /// The same; nil where they cannot all be read, which does not say that there are none.
    var allNames: [String?]? {
        guard let copy = OpenDirectory(reopening: descriptor) else { return nil }
        let descriptor = fcntl(copy.descriptor, F_DUPFD_CLOEXEC, 3)
        guard let entries = unsafe fdopendir(descriptor) else {
            if descriptor >= 0 { close(descriptor) }
            return nil
        }
        defer { unsafe closedir(entries) }
        var names: [String?] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(entries) else {
                if errno != 0 { return nil }
                break
            }
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                unsafe String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted { ($0 ?? "") < ($1 ?? "") }
    }

    /// What a link leads to; nil when it is none.
    func target(of name: String) -> String? {
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, filled in
            filled = unsafe buffer.baseAddress.map { unsafe max(0, readlinkat(descriptor, name, $0, buffer.count)) } ?? 0
        }
        return bytes.isEmpty ? nil : String(validating: bytes, as: UTF8.self)
    }

    /// Whether an overlay hides all that lies below this directory.
    var isOpaque: Bool {
        var mark: UInt8 = 0
        return unsafe tacit_attribute(descriptor, "user.overlay.opaque", &mark, 1) == 1 && mark == UInt8(ascii: "y")
    }
}

extension stat {
    var kind: mode_t { st_mode & S_IFMT }

    /// Whether it was changed at a moment or after it, by the file system's clock.
    func isChanged(since moment: timespec) -> Bool {
        (st_ctim.tv_sec, st_ctim.tv_nsec) >= (moment.tv_sec, moment.tv_nsec)
    }

    /// How an overlay marks that something is deleted.
    var isDeletion: Bool { kind == S_IFCHR && st_rdev == 0 }
}
