import CPacking
import CompressedMembers
import Redaction
import Testing

@Suite("Compressed members are read")
struct LibraryMembersTests {
    /// What comes out of the last one before it fails depends on how it was cut. It and deflate have no checksum.
    private static let formats: [(MemberFormat, Int)] = [
        (.gzip, packing_gzip), (.zlib, packing_zlib), (.deflate, packing_deflate), (.zstd, packing_zstd), (.brotli, packing_brotli),
    ].map { ($0, Int($1)) }

    private static let text: [UInt8] = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 * $0 >> 7) }

    private func packed(_ number: Int, level: Int = 6, _ bytes: [UInt8] = text) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: bytes.count * 2 + 200) { buffer, count in
            count = unsafe packing_member(Int32(number), Int32(level), bytes, bytes.count, buffer.baseAddress, buffer.count)
        }
    }

    /// What comes out, how many bytes were taken, and how it ended, by reads of so many bytes with so much room.
    private func read(_ format: MemberFormat, _ member: [UInt8], size: Int, room: Int) throws -> (
        output: [UInt8], taken: Int, state: MemberProgress.State
    ) {
        let reader = try #require(LibraryMembers().reader(of: format))
        var (output, taken) = ([UInt8](), 0)
        var piece = [UInt8](repeating: 0, count: room)
        while true {
            let progress = unsafe piece.withUnsafeMutableBytes { buffer in
                var span = unsafe buffer.mutableBytes
                return unsafe reader.read(member.span.bytes.extracting(taken..<min(taken + size, member.count)), into: &span)
            }
            output += piece[..<progress.written]
            taken += progress.taken
            if progress.state != .goesOn || (taken == member.count && progress.written < room) { return (output, taken, progress.state) }
        }
    }

    @Test("in pieces of any size, up to the member's last byte", arguments: 0..<5)
    func whole(_ index: Int) throws {
        let (format, number) = Self.formats[index]
        let member = packed(number)
        for (size, room) in [(1, 16 << 10), (7, 100), (4096, 4096), (member.count + 9, 1000), (member.count + 9, 1 << 20)] {
            let (output, taken, state) = try read(format, member + [1, 2, 3, 0x1f, 0x8b, 8, 9, 9, 9], size: size, room: room)
            #expect(output == Self.text && taken == member.count && state == .ended, "\(format), \(size), \(room): \(output.count), \(taken)")
        }
        let (output, _, state) = try read(format, Array(member.dropLast()), size: 1000, room: 1000)
        #expect(state == .goesOn && output.count <= Self.text.count)
    }

    @Test("what comes out before a failure does not depend on how it was cut", arguments: 0..<4)
    func damaged(_ index: Int) throws {
        let (format, number) = Self.formats[index]
        let member = packed(number)
        for place in stride(from: 2, to: member.count, by: member.count / 40) {
            var broken = member
            broken[place] ^= 0x40
            let first = try read(format, broken, size: broken.count, room: 1 << 20)
            for (size, room) in [(1, 1000), (700, 16 << 10), (broken.count, 100)] {
                let other = try read(format, broken, size: size, room: room)
                #expect(other.output == first.output && other.state == first.state, "\(format) at \(place), \(size), \(room)")
            }
        }
    }

    @Test("another format, or a window of more than 8 MiB, is no member")
    func refused() throws {
        for (index, (format, _)) in Self.formats.enumerated() {
            let other = packed(Self.formats[(index + 1) % 5].1)
            #expect(try read(format, other, size: 100, room: 100).state == .failed, "\(format)")
        }
        // A stream of brotli that announces a window of 2 GiB.
        #expect(try read(.brotli, [0x11, 0x1f, 0, 0], size: 4, room: 100).state == .failed)
        // A frame whose header asks for 16 MiB, and one for 8.
        for (window, state) in [(14, MemberProgress.State.failed), (13, .ended)] {
            let frame: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd, 0, UInt8(window << 3), 1 | 2 << 3, 0, 0, 0x61, 0x62]
            let (output, _, end) = try read(.zstd, frame, size: 3, room: 100)
            #expect(end == state && output == (state == .ended ? [0x61, 0x62] : []), "\(window)")
        }
    }

    /// What comes out of the first bytes, and how many of them may have begun more.
    private func beginning(_ format: MemberFormat, _ bytes: ArraySlice<UInt8>) throws -> (output: [UInt8], unwritten: Int) {
        let reader = try #require(LibraryMembers().reader(of: format))
        var piece = [UInt8](repeating: 0, count: Self.text.count + 1)
        let progress = unsafe piece.withUnsafeMutableBytes { buffer in
            var span = unsafe buffer.mutableBytes
            return unsafe reader.read(Array(bytes).span.bytes, into: &span)
        }
        return (Array(piece[..<progress.written]), reader.unwrittenCount)
    }

    @Test("of what is not written yet it is told how many bytes may have begun it: a block of zstd's, a symbol of deflate's, all of brotli")
    func unwritten() throws {
        let letters = Self.text.map { $0 & 0x0f }
        for (format, number) in Self.formats {
            let member = packed(number, letters)
            var most = 0
            for count in stride(from: 20, to: member.count, by: member.count / 90) {
                let (output, unwritten) = try beginning(format, member[..<count])
                guard format != .brotli else {
                    #expect(unwritten == .max)
                    continue
                }
                most = max(most, unwritten)
                let known = max(count - unwritten, 0)
                if format == .zstd { #expect(try beginning(format, member[..<known]).output == output, "\(count)") } else { #expect(unwritten == 7) }
            }
            if format == .zstd { #expect(most > 100 && most <= 128 << 10) }
        }
    }
}
