import FoundationEssentials
import Glibc

/// Searches bytes, files and the memory of other processes for canaries in every spelling.
package struct CanaryHunt: Sendable {
    private let canaries: [Canary]
    private let tracks: [Track]

    /// One spelling: what all canaries begin with in it, and the whole of each.
    private struct Track: Sendable {
        let spelling: Spelling
        let scent: [UInt8]
        let wholes: [[UInt8]]
    }

    /// Where a canary was seen.
    package struct Sighting: Sendable, Hashable, CustomStringConvertible {
        package let canary: Canary
        package let spelling: Spelling
        package let place: String
        package let offset: Int

        package var description: String { "\(canary.text.prefix(12))… as \(spelling.rawValue) at \(offset) in \(place)" }
    }

    package init(for canaries: [Canary]) {
        self.canaries = canaries
        tracks = Spelling.allCases.map { spelling in
            let wholes = canaries.map { spelling.bytes(of: $0.bytes) }
            let scent = wholes.dropFirst().reduce(wholes.first ?? []) { common, next in
                Array(zip(common, next).prefix { $0 == $1 }.map(\.0))
            }
            return Track(spelling: spelling, scent: scent, wholes: wholes)
        }
    }

    /// The sightings in bytes, as they are and with line breaks taken out (wrapped base64).
    package func sightings(in bytes: [UInt8], place: String = "bytes") -> [Sighting] {
        let found = search(unsafe bytes.span.bytes, place, from: 0)
        guard bytes.contains(10) || bytes.contains(13) else { return found }
        let joined = bytes.filter { $0 != 10 && $0 != 13 }
        let more = search(unsafe joined.span.bytes, place + " (line breaks removed)", from: 0)
        return found + more.filter { sighting in !found.contains { $0.canary == sighting.canary && $0.spelling == sighting.spelling } }
    }

    package func sightings(in text: String, place: String = "text") -> [Sighting] { sightings(in: Array(text.utf8), place: place) }

    /// The sightings in a file. Do not point it at the database of an open SQLite store of this process: reading it drops that store's locks.
    package func sightings(inFile path: String) throws -> [Sighting] {
        guard let data = FileManager.default.contents(atPath: path) else { throw TestFailure("\(path) cannot be read") }
        return sightings(in: Array(data), place: path) + sightings(in: path, place: "the name of \(path)")
    }

    /// The sightings in all regular files below a directory, names included.
    package func sightings(inDirectory path: String) throws -> [Sighting] {
        try FileManager.default.subpathsOfDirectory(atPath: path).flatMap { name -> [Sighting] in
            let whole = path + "/" + name
            var status = stat()
            guard unsafe lstat(whole, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return [] }
            return try sightings(inFile: whole)
        }
    }

    func search(_ span: RawSpan, _ place: String, from base: Int) -> [Sighting] {
        tracks.flatMap { track in
            unsafe span.withUnsafeBytes { bytes in
                unsafe positions(of: track.scent, in: bytes).flatMap { position in
                    zip(canaries, track.wholes).compactMap { canary, whole in
                        guard unsafe isThere(whole, at: position, in: bytes) else { return Sighting?.none }
                        return Sighting(canary: canary, spelling: track.spelling, place: place, offset: base + position)
                    }
                }
            }
        }
    }

    /// The longest form of a canary, in bytes: chunks of a search overlap by it.
    var longest: Int { tracks.flatMap { $0.wholes.map(\.count) }.max() ?? 0 }
}

/// glibc's, which its header shows only to those who ask for GNU's extensions.
@_silgen_name("memmem")
private func memmem(_ bytes: UnsafeRawPointer, _ count: Int, _ needle: UnsafeRawPointer, _ needleCount: Int) -> UnsafeRawPointer?

private func positions(of needle: [UInt8], in bytes: UnsafeRawBufferPointer) -> [Int] {
    guard let start = bytes.baseAddress, !needle.isEmpty else { return [] }
    var found: [Int] = []
    var from = 0
    while let hit = unsafe memmem(start + from, bytes.count - from, needle, needle.count) {
        let position = unsafe hit - start
        found.append(position)
        from = position + 1
    }
    return found
}

private func isThere(_ whole: [UInt8], at position: Int, in bytes: UnsafeRawBufferPointer) -> Bool {
    guard let start = bytes.baseAddress, position + whole.count <= bytes.count else { return false }
    return unsafe memcmp(start + position, whole, whole.count) == 0
}
