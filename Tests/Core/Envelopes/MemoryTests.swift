import Envelopes
import Foundation
import Glibc
import Model
import Synchronization
import Testing

@Suite("what stays in memory", .serialized)
struct MemoryTests {
    @Test("no copy of a value stays after it was sealed, opened and dropped", arguments: [24, 48, 400, 5000, 70_000, 1 << 20])
    func values(_ count: Int) throws {
        let hunt = MemoryHunt()
        _ = try sealAndOpen(hunt, count)  // the first time allots what later runs use again
        hunt.takeMap()
        #expect(try sealAndOpen(hunt, count) == count)
        #expect(hunt.copies() == 0)
    }

    @Test("no copy of a wrapped key, a MAC key or a recovery key stays in what is freed here")
    func keys() throws {
        let hunt = MemoryHunt()
        for _ in 0..<2 {
            hunt.takeMap()
            try useKeys(hunt)
        }
        #expect(hunt.copies() == 0)
    }

    @Test("the hunt finds a copy that is there, and none after it was wiped")
    func control() {
        let hunt = MemoryHunt()
        var copy = hunt.copy()
        hunt.takeMap()
        #expect(hunt.copies() == 1)
        copy.wipe()
        #expect(hunt.copies() == 0)
    }

    @inline(never)
    private func sealAndOpen(_ hunt: MemoryHunt, _ count: Int) throws -> Int {
        let key = DataKey.generate()
        let sealed = try key.seal(hunt.value(count), context: .sample())
        return try key.open(sealed, context: .sample()).byteCount
    }

    @inline(never)
    private func useKeys(_ hunt: MemoryHunt) throws {
        _ = try MACKey(material: hunt.value(32)).code(over: [1, 2, 3])
        let wrapping = try WrappingKey(material: hunt.value(32))
        _ = try WrappingKey.generate().wrap(wrapping, context: .sample(.projectKey))
        _ = wrapping.derive(.auditLog)
        _ = RecoveryKey.generate(random: RandomBytes { _ in hunt.copy() }).text()
        _ = DataKey.generate(random: RandomBytes { _ in hunt.copy() })
    }
}

/// Counts the places in this process's writable memory that hold one random needle of 16 bytes. Its own pages are left out.
///
/// The needle ends what it is part of: freeing a block overwrites its first bytes by itself.
@safe
private final class MemoryHunt: Sendable {
    private static let needleCount = 16
    private static let windowCount = 1 << 20
    private static let regionCount = 2 * windowCount
    private nonisolated(unsafe) let region: UnsafeMutableRawPointer
    private let ranges = Mutex<[Range<UInt>]>([])

    init() {
        unsafe region = mmap(nil, Self.regionCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        for offset in 0..<Self.needleCount { unsafe region.storeBytes(of: .random(in: 1...255), toByteOffset: offset, as: UInt8.self) }
    }

    deinit { unsafe munmap(region, Self.regionCount) }

    /// 32 bytes that end with the needle, in ordinary memory.
    func copy() -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            unsafe fill(UnsafeMutableRawBufferPointer(buffer))
            count = 32
        }
    }

    /// A secret value that ends with the needle.
    func value(_ count: Int) -> SecretValue {
        unsafe SecretValue(capacity: count) { target in
            unsafe fill(UnsafeMutableRawBufferPointer(rebasing: target[..<count]))
            return count
        }
    }

    private func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        unsafe buffer.initializeMemory(as: UInt8.self, repeating: 0x2e)
        let end = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.suffix(Self.needleCount))
        unsafe end.copyMemory(from: UnsafeRawBufferPointer(start: region, count: Self.needleCount))
    }

    /// Remembers what is mapped now, so that counting needs no memory of its own.
    func takeMap() {
        let text = (try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8)) ?? ""
        ranges.withLock { $0 = text.split(separator: "\n").flatMap(readable) }
    }

    /// The writable range of one line of the map. The kernel joins neighbours into one, so the hunt's own pages are cut out.
    private func readable(_ line: Substring) -> [Range<UInt>] {
        let columns = line.split(separator: " ")
        let ends = columns[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
        guard columns[1].hasPrefix("rw"), ends.count == 2 else { return [] }
        let own = unsafe UInt(bitPattern: region)
        let before = ends[0]..<max(ends[0], min(ends[1], own))
        let after = max(ends[0], min(ends[1], own + UInt(Self.regionCount)))..<ends[1]
        return [before, after].filter { !$0.isEmpty }
    }

    func copies() -> Int {
        let memory = unsafe open("/proc/self/mem", O_RDONLY)
        defer { close(memory) }
        return ranges.withLock { $0.reduce(0) { $0 + copies(in: $1, of: memory) } }
    }

    private func copies(in range: Range<UInt>, of memory: Int32) -> Int {
        var (found, position) = (0, range.lowerBound)
        let window = unsafe region + Self.windowCount
        while position < range.upperBound {
            let read = unsafe pread(memory, window, min(Self.windowCount, Int(range.upperBound - position)), off_t(position))
            guard read >= Self.needleCount else { break }
            found += unsafe occurrences(in: UnsafeRawBufferPointer(start: window, count: read))
            position += UInt(read == Self.windowCount ? read - Self.needleCount + 1 : read)
        }
        return found
    }

    private func occurrences(in window: UnsafeRawBufferPointer) -> Int {
        var (found, offset) = (0, 0)
        let first = unsafe Int32(region.load(as: UInt8.self))
        while offset + Self.needleCount <= window.count, let start = window.baseAddress,
            let hit = unsafe memchr(start + offset, first, window.count - offset - Self.needleCount + 1)
        {
            if unsafe memcmp(hit, region, Self.needleCount) == 0 { found += 1 }
            offset = unsafe UnsafeRawPointer(hit) - start + 1
        }
        return found
    }
}
