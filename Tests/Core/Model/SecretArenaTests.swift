import Foundation
import Model
import PlaintextDoor
import Testing

@Suite("The arena of secrets")
struct SecretArenaTests {
    @Test("a block is zero when it is taken again")
    func wiped() {
        let arena = SecretArena(byteCount: 64 << 10)
        for count in [1, 31, 32, 33, 100, 4096, 20_000] {
            var address: UInt?
            do {
                let value = canary(count, in: arena)
                address = value.address
            }
            var found: [UInt8] = [1]
            var again: UInt?
            _ = unsafe SecretValue(capacity: count, in: arena) { buffer in
                again = UInt(bitPattern: buffer.baseAddress)
                found = unsafe Array(buffer)
                return 0
            }
            #expect(again == address, "the same block is taken again")
            #expect(found == Array(repeating: 0, count: count))
        }
    }

    @Test("what a failed filling wrote is wiped")
    func failedFilling() {
        struct Stop: Error {}
        let arena = SecretArena(byteCount: 4096)
        #expect(throws: Stop.self) {
            _ = unsafe try SecretValue(capacity: 64, in: arena) { buffer in
                unsafe buffer.copyBytes(from: "CANARY-half-filled".utf8)
                throw Stop()
            }
        }
        #expect(arena.usage.lockedBlocks == 0)
        var found: [UInt8] = [1]
        _ = unsafe SecretValue(capacity: 64, in: arena) { buffer in
            found = unsafe Array(buffer)
            return 0
        }
        #expect(found == Array(repeating: 0, count: 64))
    }

    @Test("ten thousand values lie in the mapping side by side, and all go back")
    func many() {
        let arena = SecretArena(byteCount: 2 << 20)
        var values = (0..<10_000).map { number in
            var bytes = Array("CANARY-\(number)-".utf8) + Array(repeating: UInt8(truncatingIfNeeded: number), count: number % 90)
            return SecretValue(moving: &bytes, in: arena)
        }
        #expect(arena.usage.lockedBlocks == 10_000 && arena.usage.ordinaryBlocks == 0)
        for (number, value) in values.enumerated() {
            let text = value.bytes
            #expect(text.starts(with: "CANARY-\(number)-".utf8) && text.count == "CANARY-\(number)-".utf8.count + number % 90)
        }
        values.removeAll()
        #expect(arena.usage.lockedBlocks == 0 && arena.usage.ordinaryBlocks == 0)
    }

    @Test("what is too large, or finds no room, lies in ordinary memory and is counted")
    func ordinary() {
        let arena = SecretArena(byteCount: 128 << 10)
        var values = [canary(SecretArena.largestLockedBlock, in: arena)]
        #expect(arena.usage.lockedBlocks == 1 && arena.usage.ordinaryBlocks == 0)
        values.append(canary(SecretArena.largestLockedBlock + 1, in: arena))
        #expect(arena.usage.lockedBlocks == 1 && arena.usage.ordinaryBlocks == 1)
        values.append(canary(SecretArena.largestLockedBlock, in: arena))
        values.append(canary(10, in: arena))
        #expect(arena.usage.lockedBlocks == 2 && arena.usage.ordinaryBlocks == 2)
        #expect(values.map(\.byteCount) == [65_536, 65_537, 65_536, 10] && values.allSatisfy { $0.bytes == pattern($0.byteCount) })
        values.removeAll()
        #expect(arena.usage.lockedBlocks == 0 && arena.usage.ordinaryBlocks == 0)
    }

    @Test("the largest value fits, and so does the empty one")
    func ends() {
        #expect(canary(SecretValue.maximumByteCount, in: .process).bytes == pattern(SecretValue.maximumByteCount))
        #expect(canary(0, in: .process).bytes.isEmpty)
    }

    @Test("room that large values gave back serves small ones")
    func splitting() {
        let arena = SecretArena(byteCount: 64 << 10)
        do { _ = canary(64 << 10, in: arena) }
        let values = (0..<2048).map { canary(1 + $0 % 32, in: arena) }
        #expect(arena.usage.lockedBlocks == 2048 && arena.usage.ordinaryBlocks == 0)
        #expect(Set(values.map(\.address)).count == 2048)
        #expect(values.allSatisfy { $0.bytes == pattern($0.byteCount) })
        #expect(canary(1, in: arena).byteCount == 1 && arena.usage.lockedBlocks == 2048, "nothing is left")
    }

    @Test("what finds no room among the keys lies among the values, and goes back there")
    func overflow() {
        let values = SecretArena(byteCount: 4096)
        let keys = SecretArena(byteCount: 256, overflow: values)
        var held = (0..<8).map { _ in canary(32, in: keys) }
        #expect(keys.usage.lockedBlocks == 8 && values.usage.lockedBlocks == 0)
        held += (0..<3).map { _ in canary(32, in: keys) }
        #expect(keys.usage.lockedBlocks == 8 && values.usage.lockedBlocks == 3 && keys.usage.ordinaryBlocks == 0)
        held += (0..<200).map { _ in canary(32, in: values) }
        #expect(values.usage.lockedBlocks == 128 && values.usage.ordinaryBlocks == 75, "values have taken all of theirs")
        held.removeFirst()
        held.append(canary(32, in: keys))
        #expect(keys.usage.lockedBlocks == 8 && values.usage.ordinaryBlocks == 75, "and none of the keys' room")
        #expect(held.allSatisfy { $0.bytes == pattern(32) })
        held.removeAll()
        #expect([keys, values].allSatisfy { $0.usage.lockedBlocks == 0 && $0.usage.ordinaryBlocks == 0 })
    }

    @Test("the mapping is kept out of core dumps, forked children and swap", arguments: [SecretArena.process, .keys])
    func protection(arena: SecretArena) throws {
        let value = canary(16, in: arena)
        let flags = try #require(try mappingFlags(at: value.address))
        #expect(flags.contains("dc"), "a forked child has no copy")
        #expect(flags.contains("dd"), "a core dump has no copy")
        #expect(flags.contains("lo") == (arena.protection != .none), "what is said of the lock is true")
    }

    @Test("many tasks take and give back without disturbing one another")
    func concurrency() async {
        let arena = SecretArena(byteCount: 1 << 20)
        let seed = UInt64.random(in: .min ... .max)
        let wrong = await withTaskGroup(of: Int.self) { group in
            for task in 0..<8 {
                group.addTask {
                    var generator = SeededGenerator(seed: seed &+ UInt64(task))
                    var held: [(SecretValue, [UInt8])] = []
                    var wrong = 0
                    for _ in 0..<1000 {
                        let bytes = randomBytes(1 << Int.random(in: 0...9, using: &generator), &generator)
                        held.append((SecretValue(bytes, in: arena), bytes))
                        guard held.count > 20 else { continue }
                        let (value, expected) = held.remove(at: .random(in: 0..<held.count, using: &generator))
                        if value.bytes != expected { wrong += 1 }
                    }
                    return wrong + held.count { $0.0.bytes != $0.1 }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(wrong == 0, "seed \(seed)")
        #expect(arena.usage.lockedBlocks == 0 && arena.usage.ordinaryBlocks == 0)
    }

    private func pattern(_ count: Int) -> [UInt8] {
        Array(repeatElement("CANARY-arena-".utf8, count: count / 13 + 1).joined().prefix(count))
    }

    private func canary(_ count: Int, in arena: SecretArena) -> SecretValue {
        var bytes = pattern(count)
        return SecretValue(moving: &bytes, in: arena)
    }

    /// The kernel's flags of the mapping that holds an address (`VmFlags` of /proc/self/smaps).
    private func mappingFlags(at address: UInt) throws -> [Substring]? {
        var isInside = false
        let file = try FileHandle(forReadingFrom: URL(filePath: "/proc/self/smaps"))
        let text = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
        for line in text.split(separator: "\n") {
            let ends = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt($0, radix: 16) }
            if ends.count == 2 { isInside = (ends[0]..<ends[1]).contains(address) }
            if isInside, line.hasPrefix("VmFlags:") { return line.dropFirst(8).split(separator: " ") }
        }
        return nil
    }
}

extension SecretValue {
    /// A value that copies an array.
    convenience init(_ bytes: [UInt8], in arena: SecretArena = .process) {
        unsafe self.init(copying: bytes.span.bytes, in: arena)
    }

    /// A copy of the value, for comparing.
    var bytes: [UInt8] {
        withPlaintext(PlaintextDoor()) { span in unsafe span.withUnsafeBytes { unsafe Array($0) } }
    }

    /// Where the value lies.
    var address: UInt {
        withPlaintext(PlaintextDoor()) { span in unsafe span.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) } }
    }
}
