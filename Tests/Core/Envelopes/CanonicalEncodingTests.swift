import Model
import Testing

@Suite("the canonical encoding")
struct CanonicalEncodingTests {
    private func sample() -> [UInt8] {
        var writer = CanonicalWriter()
        writer.write(byte: 1)
        writer.write(Int64(-2))
        writer.write([3, 4] as [UInt8])
        writer.write("é")
        writer.write(OrganizationID(random: giving([UInt8](0..<16))))
        writer.write(Timestamp(nanoseconds: 5))
        writer.write(optional: Int64?.none) { $0.write($1) }
        writer.write(optional: Int64?.some(6)) { $0.write($1) }
        writer.write(list: ["a", ""]) { $0.write($1) }
        return writer.bytes
    }

    private func read(_ bytes: [UInt8]) throws(CanonicalError) -> String? {
        var reader = CanonicalReader(bytes)
        _ = try reader.byte()
        _ = try reader.int64()
        _ = try reader.data()
        let text = try reader.text()
        _ = try reader.id(OrganizationKind.self)
        _ = try reader.timestamp()
        _ = try reader.optional { reader throws(CanonicalError) in try reader.int64() }
        _ = try reader.optional { reader throws(CanonicalError) in try reader.int64() }
        _ = try reader.list { reader throws(CanonicalError) in try reader.text() }
        try reader.finish()
        return text
    }

    @Test("every kind of part has the bytes that the specification gives")
    func bytes() {
        let expected =
            "01" + "fffffffffffffffe" + "000000020304" + "00000002c3a9" + "000102030405060708090a0b0c0d0e0f" + "0000000000000005" + "00"
            + "010000000000000006" + "0000000000000002" + "0000000161" + "00000000"
        #expect(sample().hexadecimal == expected)
        #expect(throws: Never.self) { try read(sample()) }
    }

    @Test("anything cut or left over is refused")
    func lengths() {
        let whole = sample()
        for count in whole.indices { #expect(throws: CanonicalError.self, "\(count)") { try read(Array(whole.prefix(count))) } }
        #expect(throws: CanonicalError.leftOver) { try read(whole + [0]) }
    }

    @Test("a length, flag or text that no writer wrote is refused")
    func malformed() {
        var reader = CanonicalReader([0xff, 0xff, 0xff, 0xff, 1])
        #expect(throws: CanonicalError.cut) { try reader.data() }
        reader = CanonicalReader([2, 0, 0, 0, 0, 0, 0, 0, 0])
        #expect(throws: CanonicalError.malformed) { try reader.optional { reader throws(CanonicalError) in try reader.int64() } }
        reader = CanonicalReader([0, 0, 0, 1, 0xff])
        #expect(throws: CanonicalError.malformed) { try reader.text() }
        for count: [UInt8] in [[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]] {
            reader = CanonicalReader(count)
            #expect(throws: CanonicalError.cut) { try reader.list { reader throws(CanonicalError) in try reader.byte() } }
        }
    }
}
