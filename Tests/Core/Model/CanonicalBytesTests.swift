import Model
import Testing

@Suite("Canonical bytes")
struct CanonicalBytesTests {
    struct Sample: Equatable {
        var flag: UInt8 = 0
        var number: Int64 = 0
        var count = 0
        var blob: [UInt8] = []
        var text = ""
        var id: SecretID
        var time = Timestamp(nanoseconds: 0)
        var note: String?
        var tags: [String] = []

        init(_ generator: inout SeededGenerator) {
            flag = .random(in: .min ... .max, using: &generator)
            number = .random(in: .min ... .max, using: &generator)
            count = .random(in: .min ... .max, using: &generator)
            blob = randomBytes(.random(in: 0...40, using: &generator), &generator)
            text = Self.words(&generator)
            id = RecordID.halves(.random(in: .min ... .max, using: &generator), .random(in: .min ... .max, using: &generator))
            time = Timestamp(nanoseconds: .random(in: .min ... .max, using: &generator))
            note = Bool.random(using: &generator) ? Self.words(&generator) : nil
            tags = (0..<Int.random(in: 0...4, using: &generator)).map { _ in Self.words(&generator) }
        }

        private static func words(_ generator: inout SeededGenerator) -> String {
            String((0..<Int.random(in: 0...8, using: &generator)).compactMap { _ in "aé\u{301}ß漢🔑\0\n".randomElement(using: &generator) })
        }

        var bytes: [UInt8] {
            var writer = CanonicalWriter()
            writer.write(byte: flag)
            writer.write(number)
            writer.write(count)
            writer.write(blob)
            writer.write(text)
            writer.write(id)
            writer.write(time)
            writer.write(optional: note) { $0.write($1) }
            writer.write(list: tags) { $0.write($1) }
            return writer.bytes
        }

        init(bytes: [UInt8]) throws(CanonicalError) {
            var reader = CanonicalReader(bytes)
            flag = try reader.byte()
            number = try reader.int64()
            count = try reader.int()
            blob = try reader.data()
            text = try reader.text()
            id = try reader.id()
            time = try reader.timestamp()
            note = try reader.optional { (reader: inout CanonicalReader) throws(CanonicalError) in try reader.text() }
            tags = try reader.list { (reader: inout CanonicalReader) throws(CanonicalError) in try reader.text() }
            try reader.finish()
        }
    }

    @Test("the form is big-endian and length-prefixed, byte for byte")
    func golden() throws {
        var writer = CanonicalWriter()
        writer.write(byte: 7)
        writer.write(Int64(-2))
        writer.write(258)
        writer.write([UInt8(0xAA), 0xBB])
        writer.write("é")
        writer.write(try #require(AnyRecordID("000102030405060708090a0b0c0d0e0f")))
        writer.write(Timestamp(nanoseconds: 1))
        writer.write(optional: String?.none) { $0.write($1) }
        writer.write(optional: "x") { $0.write($1) }
        writer.write(list: ["a", ""]) { $0.write($1) }
        let expected =
            "07" + "fffffffffffffffe" + "0000000000000102" + "00000002aabb" + "00000002c3a9" + "000102030405060708090a0b0c0d0e0f"
            + "0000000000000001" + "00" + "010000000178" + "0000000000000002" + "0000000161" + "00000000"
        #expect(writer.bytes.hexadecimal == expected)
    }

    @Test("what is written reads back the same")
    func roundTrip() throws {
        var generator = SeededGenerator()
        for _ in 0..<500 {
            let sample = Sample(&generator)
            #expect(try Sample(bytes: sample.bytes) == sample, "seed \(generator.seed)")
        }
    }

    @Test("every truncation is cut, and one byte more is left over")
    func truncation() throws {
        var generator = SeededGenerator()
        for _ in 0..<20 {
            let bytes = Sample(&generator).bytes
            for length in 0..<bytes.count {
                #expect(throws: CanonicalError.cut, "seed \(generator.seed), \(length)") { try Sample(bytes: Array(bytes[..<length])) }
            }
            #expect(throws: CanonicalError.leftOver, "seed \(generator.seed)") { try Sample(bytes: bytes + [0]) }
        }
    }

    @Test("any changed byte is an error or another record: no two forms read as one")
    func mutation() throws {
        var generator = SeededGenerator()
        for _ in 0..<200 {
            let sample = Sample(&generator)
            var bytes = sample.bytes
            bytes[.random(in: 0..<bytes.count, using: &generator)] ^= .random(in: 1...255, using: &generator)
            guard let other = try? Sample(bytes: bytes) else { continue }
            // Not `!=`: Swift takes texts for equal that differ in how a letter is composed.
            #expect(other.bytes == bytes, "seed \(generator.seed)")
        }
    }

    @Test("random bytes never do more than fail")
    func noise() {
        var generator = SeededGenerator()
        for _ in 0..<2000 {
            let bytes = randomBytes(.random(in: 0...120, using: &generator), &generator)
            if let sample = try? Sample(bytes: bytes) { #expect(sample.bytes == bytes, "seed \(generator.seed)") }
        }
    }

    @Test("a length or count that the bytes cannot hold is cut before anything is allotted", arguments: ["ffffffff", "80000000", "00000005"])
    func hugeLength(prefix: String) throws {
        let bytes = try #require([UInt8](hexadecimal: prefix + "00000000"))
        #expect(throws: CanonicalError.cut) {
            var reader = CanonicalReader(bytes)
            _ = try reader.data()
        }
    }

    @Test("a list's count is held against the bytes that are left", arguments: [Int64.max, Int64.min, -1, 1 << 40, 4])
    func hugeCount(count: Int64) throws {
        var writer = CanonicalWriter()
        writer.write(count)
        for _ in 0..<3 { writer.write(byte: 0) }
        let bytes = writer.bytes
        var calls = 0
        do {
            var reader = CanonicalReader(bytes)
            _ = try reader.list { (reader: inout CanonicalReader) throws(CanonicalError) in
                calls += 1
                return try reader.byte()
            }
            Issue.record("a list of \(count) elements was read from three bytes")
        } catch { #expect(error == .cut && calls == 0) }
    }

    @Test("text that is not UTF-8 and a mark that is neither 0 nor 1 are malformed", arguments: ["c3", "ff", "eda080", "c080", "f4908080"])
    func malformed(hexadecimal: String) throws {
        var writer = CanonicalWriter()
        writer.write(try #require([UInt8](hexadecimal: hexadecimal)))
        var reader = CanonicalReader(writer.bytes)
        #expect(throws: CanonicalError.malformed) { try reader.text() }
        var marked = CanonicalReader([2, 0])
        #expect(throws: CanonicalError.malformed) {
            try marked.optional { (reader: inout CanonicalReader) throws(CanonicalError) in try reader.byte() }
        }
    }

    @Test("moving a boundary between parts changes the form")
    func boundaries() {
        func form(_ parts: [String]) -> [UInt8] {
            var writer = CanonicalWriter()
            for part in parts { writer.write(part) }
            return writer.bytes
        }
        #expect(form(["ab", "c"]) != form(["a", "bc"]))
        #expect(form(["abc", ""]) != form(["", "abc"]))
        #expect(form([""]) != form([]))
    }
}
