import Model
import Synchronization
import Testing

@Suite("Ids, hexadecimal and random bytes")
struct RecordIDTests {
    @Test("an id's text is its 32 lower-case digits, and reads back as the same id")
    func text() throws {
        let bytes = (0..<16).map { UInt8($0 * 17) }
        let id = try #require(SecretID(bytes: bytes))
        #expect(id.description == "00112233445566778899aabbccddeeff")
        #expect(id.high == 0x0011_2233_4455_6677 && id.low == 0x8899_AABB_CCDD_EEFF)
        #expect(SecretID(id.description) == id && id.bytes == bytes)
        #expect(SecretID.halves(id.high, id.low) == id)
    }

    @Test("bytes read alike from an array, a slice and a collection without storage of its own")
    func collections() throws {
        var generator = SeededGenerator()
        let bytes = randomBytes(40, &generator)
        for start in 0...24 {
            let id = SecretID(bytes: bytes[start..<(start + 16)])
            #expect(id == SecretID(bytes: Array(bytes[start..<(start + 16)])) && id?.bytes == Array(bytes[start..<(start + 16)]))
            #expect(id == SecretID(bytes: Array(bytes[start..<(start + 16)].reversed()).reversed()))
        }
    }

    @Test(
        "other texts are no ids",
        arguments: [
            "", "0", "00112233445566778899aabbccddeef", "00112233445566778899aabbccddeeff0", "00112233445566778899aabbccddeeff00",
            "00112233445566778899AABBCCDDEEFF", "00112233-4455-6677-8899-aabbccddeeff", "0x112233445566778899aabbccddeeff",
            " 0112233445566778899aabbccddeeff", "g0112233445566778899aabbccddeeff", "00112233445566778899aabbccddeef\n",
            "0011223344556677889\u{661}aabbccddeef", "+0112233445566778899aabbccddeeff",
        ])
    func badTexts(text: String) {
        #expect(SecretID(text) == nil)
    }

    @Test("other lengths are no ids", arguments: [0, 1, 15, 17, 32])
    func badLengths(count: Int) {
        #expect(SecretID(bytes: [UInt8](repeating: 1, count: count)) == nil)
    }

    @Test("ids sort as their bytes and texts do")
    func order() throws {
        var generator = SeededGenerator()
        let ids = try (0..<500).map { _ in try #require(SecretID(bytes: randomBytes(16, &generator))) }
        #expect(ids.sorted().map(\.description) == ids.map(\.description).sorted(), "seed \(generator.seed)")
    }

    @Test("an id seen as another kind has the same bytes")
    func cast() {
        let id = ProjectID(random: .system)
        let other: AnyRecordID = id.cast()
        #expect(other.bytes == id.bytes && other.cast(to: ProjectKind.self) == id)
    }

    @Test("an id is made of the next sixteen bytes of its source")
    func source() {
        let source = RandomBytes { count in (0..<count).map(UInt8.init) }
        #expect(SecretID(random: source).description == "000102030405060708090a0b0c0d0e0f")
    }

    @Test(
        "an id of a moment is its millisecond in six bytes, and ten of its source",
        arguments: [1_795_999_999_123_000_000, 1_795_999_999_123_999_999])
    func moment(nanoseconds: Int64) {
        let source = RandomBytes { count in (0..<count).map(UInt8.init) }
        let id = SecretID(at: Timestamp(nanoseconds: nanoseconds), random: source)
        #expect(id.description == "01a229f12493060708090a0b0c0d0e0f")
    }

    @Test("ids of different milliseconds sort by time, whatever was drawn; clocks before 1970 and at their end trap nowhere")
    func moments() {
        let times = [0, 1, 999, 1_000, 86_400_000, 1_795_999_999_123, 9_223_372_036_854].map { Timestamp(nanoseconds: $0 * 1_000_000) }
        let ids = times.map { AnyRecordID(at: $0, random: .system) }
        #expect(ids == ids.sorted())
        for nanoseconds in [Int64.min, -1, .max] { _ = AnyRecordID(at: Timestamp(nanoseconds: nanoseconds), random: .system) }
    }

    @Test("the system's source gives as many bytes as asked, and never the same twice", arguments: [0, 1, 7, 8, 9, 16, 32, 1000])
    func system(count: Int) {
        let first = RandomBytes.system.bytes(count)
        #expect(first.count == count)
        if count >= 16 { #expect(first != RandomBytes.system.bytes(count)) }
    }

    @Test("every byte value comes out of the system's source at every place of a draw")
    func systemSpread() {
        var seen = Array(repeating: Set<UInt8>(), count: 9)
        for _ in 0..<4000 {
            for (place, byte) in RandomBytes.system.bytes(9).enumerated() { seen[place].insert(byte) }
        }
        #expect(seen.allSatisfy { $0.count > 250 })
    }

    @Test("hexadecimal reads back as the same bytes")
    func hexadecimal() {
        let all = (UInt8.min...UInt8.max).map(\.self)
        #expect([UInt8](hexadecimal: all.hexadecimal) == all)
        #expect(all.lazy.map(\.self).hexadecimal == all.hexadecimal)
        #expect([UInt8]().hexadecimal.isEmpty && [UInt8](hexadecimal: "") == [])
        #expect([UInt8](hexadecimal: "0") == nil && [UInt8](hexadecimal: "0G") == nil && [UInt8](hexadecimal: "AA") == nil)
    }

    @Test("a stock gives each byte once, whatever is longer comes straight from the source, and nothing is drawn before it is asked for")
    func stock() {
        let drawn = Mutex<[Int]>([])
        let source = RandomBytes { count in
            drawn.withLock { drawn in
                drawn.append(count)
                return (0..<count).map { UInt8(truncatingIfNeeded: drawn.count * 64 + $0) }
            }
        }
        let stock = source.stocking(3, of: 4)
        #expect(drawn.withLock { $0 }.isEmpty)
        let given = (0..<3).map { _ in stock.bytes(4) }
        #expect(given.flatMap(\.self) == (0..<12).map { UInt8(64 + $0) } && drawn.withLock { $0 } == [12])
        #expect(stock.bytes(32) == (0..<32).map { UInt8(128 + $0) } && drawn.withLock { $0 } == [12, 32])
        #expect(stock.bytes(4) == [192, 193, 194, 195] && drawn.withLock { $0 } == [12, 32, 12])
        #expect(source.stocking(0, of: 4).bytes(4).count == 4)
    }
}
