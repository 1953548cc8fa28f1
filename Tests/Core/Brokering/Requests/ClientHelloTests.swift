import TestKit
import Testing

@testable import Brokering

/// The first message of a handshake, as far as it says whom the client wants.
@Suite struct ClientHelloTests {
    private func vector(_ width: Int, _ content: [UInt8]) -> [UInt8] {
        (0..<width).reversed().map { UInt8(truncatingIfNeeded: content.count >> (8 * $0)) } + content
    }

    private func named(_ name: String, kind: UInt8 = 0) -> [UInt8] { [0, 0] + vector(2, vector(2, [kind] + vector(2, Array(name.utf8)))) }

    private static let versions: [UInt8] = [0, 43, 0, 3, 2, 3, 4]

    /// A hello with these extensions, in records of so many bytes at most.
    private func hello(_ extensions: [UInt8]?, cutting size: Int = 1 << 14, kind: UInt8 = 1) -> [UInt8] {
        let content = [3, 3] + [UInt8](repeating: 7, count: 32) + vector(1, [1, 2]) + vector(2, [0x13, 1]) + vector(1, [0])
        let message = [kind] + vector(3, content + (extensions.map { vector(2, $0) } ?? []))
        return stride(from: 0, to: message.count, by: size).flatMap { [22, 3, 1] + vector(2, Array(message[$0..<min(message.count, $0 + size)])) }
    }

    @Test("the host is read once all of it is there, however it is cut, and in any case of letters") func names() {
        let whole = hello(Self.versions + named("Api.Example.com"))
        #expect(ClientHello.reading(of: whole) == .wants("api.example.com"))
        for count in 0..<whole.count { #expect(ClientHello.reading(of: Array(whole[..<count])) == .incomplete) }
        for size in [1, 2, 3, 50] { #expect(ClientHello.reading(of: hello(named("a.b"), cutting: size)) == .wants("a.b")) }
        #expect(ClientHello.reading(of: hello(Self.versions)) == .wants(nil) && ClientHello.reading(of: hello(nil)) == .wants(nil))
        // Early data stands in records of their own.
        #expect(ClientHello.reading(of: whole + [20, 3, 3, 0, 1, 1] + [23, 3, 3, 0, 2, 1, 2]) == .wants("api.example.com"))
    }

    @Test("what is no hello, or says its host twice, sealed or in no letters, is not read") func refused() {
        let sealed: [UInt8] = [0xFE, 0x0D, 0, 1, 0]
        let two: [UInt8] = [0, 0] + vector(2, vector(2, [0] + vector(2, [97]) + [0] + vector(2, [98])))
        for extensions in [
            named("a.b") + named("a.b"), named("a.b") + sealed, named(""), named("a.b", kind: 1), two, named("a b"), named("\u{E9}.b"),
            Array(named("a.b").dropLast()), [0, 0, 0],
        ] as [[UInt8]] {
            #expect(ClientHello.reading(of: hello(extensions)) == .unreadable, "\(extensions)")
            let isMadeUp = extensions == named("a.b") + sealed
            #expect((ClientHello.reading(of: hello(extensions), openedHere: true) == .wants("a.b")) == isMadeUp, "\(extensions)")
        }
        for bytes in [
            Array("GET / HTTP/1.1\r\n".utf8), Array("SSH-2.0-x\r\n".utf8), hello(named("a.b"), kind: 2), [22, 2], [22, 3, 9], [22, 3, 1, 0, 0],
            [22, 3, 1, 0x40, 1],
            [21, 3, 1, 0, 2, 1, 0], [22, 3, 1, 0, 4, 1, 2, 0, 0],
        ] as [[UInt8]] {
            #expect(ClientHello.reading(of: bytes) == .unreadable, "\(bytes)")
        }
        // Another message in the same record is none of a client's first.
        var longer = hello(named("a.b"))
        longer.append(0)
        longer[4] += 1
        #expect(ClientHello.reading(of: longer) == .unreadable)
    }

    @Test("bytes of nobody lead nowhere") func garbage() {
        let random = SeededRandom()
        let whole = hello(Self.versions + named("a.b"))
        for _ in 0..<3000 {
            var bytes = whole
            for _ in 0...random.int(in: 0...3) { bytes[random.int(in: 0...(bytes.count - 1))] = UInt8(random.int(in: 0...255)) }
            _ = ClientHello.reading(of: bytes)
        }
    }
}
