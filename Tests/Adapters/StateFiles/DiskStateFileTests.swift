import Glibc
import Storage
import TestKit
import Testing

@testable import StateFiles

@Suite("State files", .serialized)
struct DiskStateFileTests {
    private let directory: TemporaryDirectory
    private let path: String

    init() throws {
        directory = try TemporaryDirectory("tacit-state")
        path = directory.path("file")
    }

    private func file(_ durability: DiskStateFile.Durability = .flushed) -> DiskStateFile { DiskStateFile(path: path, durability: durability) }

    private func mode() -> UInt32 {
        var facts = stat()
        return unsafe lstat(path, &facts) == 0 ? facts.st_mode & 0o7777 : 0
    }

    @Test("nothing was stored yet")
    func absent() throws { #expect(try file().load() == nil) }

    @Test("what was stored is loaded, longer and shorter, by another object too", arguments: [DiskStateFile.Durability.flushed, .lazy])
    func roundTrip(durability: DiskStateFile.Durability) throws {
        let file = file(durability)
        for bytes in [Array("first".utf8), [], Array(repeating: 7, count: 100_000), Array("x".utf8)] as [[UInt8]] {
            try file.store(bytes)
            #expect(try file.load() == bytes)
            #expect(try self.file().load() == bytes)
        }
        #expect(mode() == 0o600)
    }

    @Test("a file is made 0600 whatever the mask of the process says")
    func modes() throws {
        let mask = umask(0)
        defer { umask(mask) }
        try file().append([1])
        #expect(mode() == 0o600)
        try file().store([2])
        #expect(mode() == 0o600)
        unsafe unlink(path)
        try file(.lazy).store([3])
        #expect(mode() == 0o600)
    }

    @Test("records are added one after the other, also after a replacement")
    func appending() throws {
        let file = file()
        try file.append(Array("a\n".utf8))
        try file.append(Array("b\n".utf8))
        try file.store(Array("c\n".utf8))
        try file.append(Array("d\n".utf8))
        #expect(try file.load() == Array("c\nd\n".utf8))
    }

    @Test("a file that others may touch is refused, read and written", arguments: [0o640, 0o604, 0o660, 0o777])
    func loose(mode: Int) throws {
        try file().store([1])
        #expect(unsafe chmod(path, mode_t(mode)) == 0)
        let error = StateFileError.loose(path: path)
        #expect(throws: error) { try file().load() }
        #expect(throws: error) { try file().append([2]) }
        let lazy = file(.lazy)
        #expect(throws: error) { try lazy.store([2]) }
        #expect(throws: error, "the second time as well") { try lazy.store([2]) }
        #expect(unsafe chmod(path, 0o600) == 0)
        #expect(try file().load() == [1])
    }

    @Test("what is held open is let go of when something else lies there, and nothing is written in vain")
    func moved() throws {
        let held = file(.lazy)
        try held.store([1])
        #expect(unsafe rename(path, path + ".moved") == 0)
        try held.store([2])
        #expect(try file().load() == [2] && DiskStateFile(path: path + ".moved", durability: .lazy).load() == [1])
        #expect(unsafe unlink(path) == 0)
        #expect(unsafe symlink(path + ".moved", path) == 0)
        #expect(throws: StateFileError.unwritable(path: path)) { try held.store([3]) }
        #expect(try DiskStateFile(path: path + ".moved", durability: .lazy).load() == [1])
    }

    @Test("a link is not followed")
    func link() throws {
        let target = directory.path("target")
        try DiskStateFile(path: target, durability: .flushed).store([1])
        #expect(unsafe symlink(target, path) == 0)
        #expect(throws: StateFileError.unreadable(path: path)) { try file().load() }
        #expect(throws: StateFileError.unwritable(path: path)) { try file().append([2]) }
        #expect(throws: StateFileError.unwritable(path: path)) { try file(.lazy).store([2]) }
        // Replacing takes the link away and leaves what it led to.
        try file().store([3])
        #expect(try DiskStateFile(path: target, durability: .flushed).load() == [1])
    }

    @Test("a pipe in its place is found out, not waited for")
    func pipe() throws {
        #expect(unsafe mkfifo(path, 0o600) == 0)
        #expect(throws: StateFileError.unreadable(path: path)) { try file().load() }
        #expect(throws: StateFileError.self) { try file().append([1]) }
    }

    @Test("a leftover of an interrupted replacement is in nobody's way")
    func leftover() throws {
        #expect(unsafe symlink("/nowhere/at/all", path + ".new") == 0)
        try file().store([1])
        #expect(try file().load() == [1])
    }

    @Test("a file that is larger than the limit is not read")
    func large() throws {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT, 0o600)
        #expect(ftruncate(descriptor, DiskStateFile.maximumByteCount + 1) == 0)
        close(descriptor)
        #expect(throws: StateFileError.unreadable(path: path)) { try file().load() }
    }

    // The limit is the process's: another one tries it.
    @Test("on a disk without room nothing is lost, and what was half written is taken back")
    func full() async {
        await #expect(processExitsWith: .success) {
            let directory = try TemporaryDirectory("tacit-full")
            let path = directory.path("file")
            let file = DiskStateFile(path: path, durability: .flushed)
            try file.append(Array("kept\n".utf8))
            try Self.withoutRoom {
                try Self.check(Self.error { try file.append(Array("does not fit\n".utf8)) } == .unwritable(path: path))
                try Self.check(Self.error { try file.store(Array("does not fit either\n".utf8)) } == .unwritable(path: path))
            }
            try Self.check(file.load() == Array("kept\n".utf8))
            try file.append(Array("next\n".utf8))
            try Self.check(file.load() == Array("kept\nnext\n".utf8))
            try Self.check(unsafe access(path + ".new", F_OK) != 0)
        }
    }

    /// Lets files grow to 8 bytes.
    private static func withoutRoom(_ body: () throws -> Void) throws {
        var usual = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
        try check(unsafe getrlimit(resource, &usual) == 0)
        signal(SIGXFSZ, SIG_IGN)
        var little = rlimit(rlim_cur: 8, rlim_max: usual.rlim_max)
        try check(unsafe setrlimit(resource, &little) == 0)
        defer { unsafe setrlimit(resource, &usual) }
        try body()
    }

    private static func check(_ isSo: Bool) throws { if !isSo { throw TestFailure("it is not so") } }

    private static func error(_ body: () throws -> Void) -> StateFileError? {
        do {
            try body()
            return nil
        } catch { return error as? StateFileError }
    }
}
