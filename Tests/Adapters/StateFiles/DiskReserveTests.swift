import Glibc
import TestKit
import Testing

@testable import StateFiles

/// A file that keeps room on a disk.
@Suite("Disk reserve", .serialized)
struct DiskReserveTests {
    private let directory: TemporaryDirectory
    private let path: String

    init() throws {
        directory = try TemporaryDirectory("tacit-reserve")
        path = directory.path("reserve")
    }

    private var facts: stat? {
        var facts = stat()
        return unsafe lstat(path, &facts) == 0 ? facts : nil
    }

    @Test("is 0600, has its room in fact, gives it up part by part, and takes it again") func parts() throws {
        let reserve = DiskReserve(path: path)
        #expect(!reserve.giveUp() && facts == nil)
        reserve.fill()
        let full = try #require(facts)
        #expect(Int(full.st_size) == DiskReserve.byteCount && Int(full.st_blocks) * 512 >= DiskReserve.byteCount && full.st_mode & 0o7777 == 0o600)
        var parts = 0
        while reserve.giveUp() { parts += 1 }
        #expect(parts == DiskReserve.byteCount / DiskReserve.partByteCount && facts?.st_size == 0)
        reserve.takeBack()
        #expect(facts.map { Int($0.st_size) } == DiskReserve.byteCount && reserve.giveUp())
        reserve.fill()
        #expect(facts.map { Int($0.st_size) } == DiskReserve.byteCount)
    }

    @Test("has its room again where a copy kept the length alone") func hole() throws {
        let descriptor = unsafe open(path, O_CREAT | O_RDWR, 0o600)
        ftruncate(descriptor, DiskReserve.byteCount)
        close(descriptor)
        #expect(facts?.st_blocks == 0)
        DiskReserve(path: path).fill()
        #expect(facts.map { Int($0.st_blocks) * 512 >= DiskReserve.byteCount } == true)
    }

    @Test("touches nothing that is no file of the user's alone, and wants no directory") func others() throws {
        let other = directory.path("other")
        close(unsafe open(other, O_CREAT | O_RDWR, 0o644))
        unsafe symlink(other, path)
        DiskReserve(path: path).fill()
        DiskReserve(path: other).fill()
        var facts = stat()
        #expect(unsafe stat(other, &facts) == 0 && facts.st_size == 0)
        #expect(!DiskReserve(path: path).giveUp() && !DiskReserve(path: other).giveUp())
        DiskReserve(path: directory.path("none/reserve")).fill()
    }
}
