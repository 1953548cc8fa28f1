import Crypto
import Model

/// The acts that wait while the vault is locked: bounded, identical ones counted as one. A pure value; its file is kept by whoever holds it.
///
/// The file is lines. A line has the place of an act, the act, and a checksum; a later line for the same place replaces the earlier one, so that each
/// change is one append. A torn write costs the last line and nothing before it.
package struct PendingList: Sendable, Equatable {
    /// How many different acts fit.
    package static let capacity = 1000
    /// How many of them are kept for a person's acts: an agent must not be able to shut its owner out.
    package static let reservedForPersons = 100
    /// How many of them are kept for acts without their program: who starts ever new copies of a program then fills a count, not the list.
    package static let reservedForFolded = 100

    package private(set) var acts: [PendingAct] = []
    /// Lines of the file that could not be read, acts that are missing between the others included. To be reported as dropped.
    package private(set) var damagedLines = 0
    private var places: [PendingAct.Key: Int] = [:]
    private var linesInFile = 0

    /// Makes an empty list.
    package init() {}

    package var isEmpty: Bool { acts.isEmpty }

    /// The file holds so many outdated lines that it is time to write `encoded()` in its place.
    package var shouldBeRewritten: Bool { linesInFile > acts.count + Self.capacity }

    /// Takes an act and returns the bytes to append to the file, durably, before the act is answered. When there is no room, the act must be refused.
    package mutating func add(_ entry: AuditEntry) throws(AuditingError) -> [UInt8] {
        var act = PendingAct(entry)
        if places[act.key] == nil, acts.count >= limit(for: act) { act.key.executable = PendingAct.manyPrograms }
        let place = places[act.key] ?? acts.count
        if place < acts.count {
            acts[place].count(act)
        } else {
            guard place < Self.capacity else { throw .pendingListFull }
            acts.append(act)
            places[act.key] = place
        }
        linesInFile += 1
        return Self.line(place, acts[place])
    }

    /// The whole file, one line for each act.
    package mutating func encoded() -> [UInt8] {
        linesInFile = acts.count
        return acts.enumerated().flatMap { Self.line($0, $1) }
    }

    private func limit(for act: PendingAct) -> Int {
        let isOwners = act.key.kind == .known(.person) || act.key.kind == .known(.system)
        return Self.capacity - Self.reservedForFolded - (isOwners ? 0 : Self.reservedForPersons)
    }
}

extension PendingList {
    /// Reads a file. Whatever is damaged is left out and counted; nothing makes it fail.
    package init(decoding file: [UInt8]) {
        var found: [Int: PendingAct] = [:]
        for line in file.split(separator: 0x0a) {
            linesInFile += 1
            guard let (place, act) = Self.read(line) else {
                damagedLines += 1
                continue
            }
            found[place] = act
        }
        for (_, act) in found.sorted(by: { $0.key < $1.key }) where places[act.key] == nil {
            places[act.key] = acts.count
            acts.append(act)
        }
        // A torn last line for a new act leaves no hole; a lost one in the middle does, and its line was counted above if it is there at all.
        let holes = (found.keys.max() ?? -1) + 1 - found.count
        damagedLines = max(damagedLines, holes)
    }

    /// `checksum place-and-act` in hexadecimal, between newlines: a line appended behind a torn one is not torn with it.
    private static func line(_ place: Int, _ act: PendingAct) -> [UInt8] {
        var writer = CanonicalWriter()
        writer.write(place)
        writer.write(act.encoded())
        return Array("\n\(checksum(writer.bytes)) \(writer.bytes.hexadecimal)\n".utf8)
    }

    private static func read(_ line: ArraySlice<UInt8>) -> (Int, PendingAct)? {
        let parts = line.split(separator: 0x20, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
        guard parts.count == 2, let bytes = [UInt8](hexadecimal: parts[1]), checksum(bytes) == parts[0] else { return nil }
        var reader = CanonicalReader(bytes)
        guard let place = try? reader.int(), (0..<capacity).contains(place), let data = try? reader.data(), (try? reader.finish()) != nil,
            let act = try? PendingAct(decoding: data)
        else { return nil }
        return (place, act)
    }

    /// The first eight bytes of SHA-256: against torn writes, not against forgers, who could compute it too.
    private static func checksum(_ bytes: [UInt8]) -> String { SHA256.hash(data: bytes).prefix(8).hexadecimal }
}

extension PendingAct {
    /// Counts another act that is the same.
    fileprivate mutating func count(_ other: PendingAct) {
        let (sum, overflow) = repeated.addingReportingOverflow(other.repeated)
        repeated = overflow ? .max : sum
        last = other.last
        clockFloor = other.clockFloor
    }
}
