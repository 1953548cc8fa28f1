import Brokering
import Redaction

/// The body of a request that a client packed by gzip, as the exchange has to see it.
final class RequestBody {
    private let opener: any MemberOpener
    private var packed: PackedBody?

    /// What one read of a connection may unpack to: more is made to fill memory.
    private static let mostAtOnce = 8 << 20

    init(_ opener: any MemberOpener) { self.opener = opener }

    /// Unpacks what came; nil where it is not packed so, or stands for too much.
    func unpacked(_ bytes: [UInt8]) -> [UInt8]? {
        guard let body = packed ?? PackedBody(.gzip, opener) else { return nil }
        packed = body
        var unpacked: [UInt8] = []
        let rest: Int?
        do throws(ReplyRefusal) {
            rest = unsafe try body.read(bytes.span.bytes, giving: Self.mostAtOnce) { piece in
                unsafe piece.withUnsafeBytes { unsafe unpacked.append(contentsOf: $0) }
            }
        } catch { return nil }
        return rest == nil ? unpacked : nil
    }

    /// Whether it came to its end: half a member is no body.
    func isWhole() -> Bool {
        guard let packed else { return true }
        do throws(ReplyRefusal) {
            try packed.finish()
            return true
        } catch { return false }
    }
}
