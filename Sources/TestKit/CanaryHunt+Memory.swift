import FoundationEssentials
import Glibc

extension CanaryHunt {
    /// The sightings in the readable memory of another process. What the kernel does not show (memfd_secret) is passed over.
    ///
    /// Not for the process of the test itself: the hunt would find what it hunts with.
    package func sightings(inMemoryOf process: Int32) throws -> [Sighting] {
        let descriptor = unsafe open("/proc/\(process)/mem", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw TestFailure("the memory of process \(process) cannot be read (errno \(errno))") }
        defer { close(descriptor) }
        let ranges = try readableRanges(of: process)
        let found = ranges.map { range in search(range, descriptor) }
        guard found.contains(where: { $0.byteCount > 0 }) else { throw TestFailure("no memory of process \(process) was readable") }
        return found.flatMap(\.sightings)
    }

    private struct MemoryRange {
        let start: Int
        let end: Int
        let name: String
    }

    private func readableRanges(of process: Int32) throws -> [MemoryRange] {
        guard let maps = FileManager.default.contents(atPath: "/proc/\(process)/maps") else { throw TestFailure("no process \(process)") }
        return String(decoding: maps, as: UTF8.self).split(separator: "\n").compactMap { line in
            let parts = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
            let ends = parts[0].split(separator: "-").compactMap { Int($0, radix: 16) }
            guard parts[1].hasPrefix("r"), ends.count == 2 else { return nil }
            let name = parts.count > 5 ? String(parts[5]) : "anonymous"
            return name == "[vsyscall]" || name == "[vvar]" ? nil : MemoryRange(start: ends[0], end: ends[1], name: name)
        }
    }

    private func search(_ range: MemoryRange, _ descriptor: Int32) -> (byteCount: Int, sightings: [Sighting]) {
        let chunk = 4 << 20
        var buffer = [UInt8](repeating: 0, count: chunk + longest)
        var (read, found) = (0, [Sighting]())
        for start in stride(from: range.start, to: range.end, by: chunk) {
            let wanted = min(buffer.count, range.end - start)
            let got = unsafe pread(descriptor, &buffer, wanted, start)
            guard got > 0 else { continue }
            read += got
            found += search(unsafe buffer.span.extracting(first: got).bytes, "memory (\(range.name))", from: start)
        }
        return (read, Array(Set(found)))
    }
}
