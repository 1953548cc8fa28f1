import CPacking
import CompressedMembers
import Redaction
import Testing

/// Compressed members of these formats.
struct Packed: Sendable, CustomTestStringConvertible {
    var format: MemberFormat
    var level: Int

    var testDescription: String { "\(format) \(level)" }

    static let gzip = Packed(format: .gzip, level: 6)
    static let zlib = Packed(format: .zlib, level: 6)
    static let zstd = Packed(format: .zstd, level: 3)
    static let formats = [gzip, zlib, zstd]
    static let all =
        (0...9).map { Packed(format: .gzip, level: $0) } + (0...9).map { Packed(format: .zlib, level: $0) }
        + [1, 3, 9, 15, 19].map { Packed(format: .zstd, level: $0) }

    func callAsFunction(_ bytes: [UInt8]) -> [UInt8] {
        let number =
            switch format {
            case .gzip: packing_gzip
            case .zlib: packing_zlib
            case .deflate: packing_deflate
            case .zstd: packing_zstd
            case .brotli: packing_brotli
            }
        return unsafe [UInt8](unsafeUninitializedCapacity: bytes.count + bytes.count / 100 + 200) { buffer, count in
            count = unsafe packing_member(Int32(number), Int32(level), bytes, bytes.count, buffer.baseAddress, buffer.count)
            precondition(count > 0, "nothing was packed")
        }
    }

    func callAsFunction(_ text: String) -> [UInt8] { self(Array(text.utf8)) }
}

/// The output and the report of an agent's stream whose members are opened.
func opened(
    _ chunks: [[UInt8]], by set: NeedleSet, endingAt ends: StreamEnds = [.compressed, .guessable], isRead: Bool = true, idling: Bool = false,
    _ limits: MemberLimits = MemberLimits()
) -> Redacted {
    var redactor = Redactor(set, mode: .agent, endingAt: ends, opening: LibraryMembers(), isRead: isRead, limits)
    var output: [UInt8] = []
    for chunk in chunks {
        unsafe redactor.redact(chunk.span.bytes, into: &output)
        if idling { redactor.idle(into: &output) }
    }
    redactor.finish(into: &output)
    while redactor.isBehind { redactor.catchUp(64 << 10, into: &output) }
    return Redacted(output: output, report: redactor.report)
}
