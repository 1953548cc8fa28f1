import Brokering
import NIOCore
import Secrets

/// Reads one reply of HTTP/1.1 from the bytes of a connection. Where it ends is the guard's word alone, and what is not written as RFC 9112 has it is no reply.
///
/// It knows its last byte: what stands behind that belongs to nobody, and no other request may take it for its reply.
struct ReplyReader {
    private enum Place {
        case status
        case fields(status: Int, [ReceivedHead.Field])
        case length(Int64)
        case chunk(ChunkPlace)
        case untilClose
        case over
    }

    private enum ChunkPlace {
        case size
        case data(Int64)
        case dataEnd
        case trailers([ReceivedHead.Field])
    }

    private let request: JudgedRequest
    private var place = Place.status
    /// How much of lines may still come before the body, or behind it.
    private var room = Self.mostLineBytes
    private var interimsLeft = ReceivedReply.mostInterims
    /// Whether the service keeps the connection, and all was as it should be.
    private var isPersistent = true
    /// Whether frames of a WebSocket come from here on.
    private(set) var hasOpenedWebSocket = false
    /// How long the service said that it keeps it.
    private(set) var keepsFor: TimeAmount?

    private static let mostLineBytes = HeadGuard.maximumFieldBytes + 8192

    init(for request: JudgedRequest) { self.request = request }

    /// Whether another request may use the connection: this reply is over, by its own framing, and nothing in it was odd.
    var mayBeFollowed: Bool { if case .over = place { isPersistent } else { false } }

    /// The next part that has come; nil where more has to come first, and behind the end.
    mutating func next(in bytes: inout ByteBuffer) throws(ReplyRefusal) -> ReplyPart? {
        while true {
            switch place {
            case .status:
                guard let line = try line(in: &bytes) else { return nil }
                place = .fields(status: try status(line), [])
            case .fields(let status, var fields):
                guard let line = try line(in: &bytes) else { return nil }
                guard line.isEmpty else {
                    place = .over
                    fields.append(try Self.field(line))
                    place = .fields(status: status, fields)
                    continue
                }
                return try head(ReceivedReply(status: status, fields: fields))
            case .length(0): return end([])
            case .length(let left):
                guard let slice = bytes.readPiece(atMost: left) else { return nil }
                place = .length(left - Int64(slice.readableBytes))
                return .body(slice)
            case .untilClose: return bytes.readPiece(atMost: .max).map(ReplyPart.body)
            case .chunk(let chunk):
                guard let part = try next(chunk, in: &bytes) else { return nil }
                if let part = part.part { return part }
            case .over: return nil
            }
        }
    }

    /// The connection ended; the last part, where that is how the body ends.
    mutating func connectionEnded() -> ReplyPart? {
        guard case .untilClose = place else { return nil }
        return end([])
    }

    private mutating func end(_ trailers: [ReceivedHead.Field]) -> ReplyPart {
        place = .over
        return .end(trailers)
    }

    private mutating func head(_ reply: ReceivedReply) throws(ReplyRefusal) -> ReplyPart {
        room = Self.mostLineBytes
        switch ReplyGuard.verdict(on: reply, to: request) {
        case .refused(let refusal): throw refusal
        case .interim(let continues):
            guard interimsLeft > 0 else { throw .status }
            interimsLeft -= 1
            place = .status
            if reply.status == 100, !continues { isPersistent = false }
            return .interim(continues: continues)
        case .accepted(let judged):
            begin(judged, reply)
            return .head(judged)
        }
    }

    private mutating func begin(_ judged: JudgedReply, _ reply: ReceivedReply) {
        // What ends a reply that has no body is read in two ways where it says that it has one.
        let hasFraming = reply.fields.contains { ["content-length", "transfer-encoding"].contains($0.name.lowercased()) }
        if judged.status == 204, hasFraming { isPersistent = false }
        if reply.bindsConnection || reply.closes || judged.opensWebSocket { isPersistent = false }
        keepsFor = reply.keepsFor
        hasOpenedWebSocket = judged.opensWebSocket
        switch judged.body {
        case .none: place = .length(0)
        case .length(let count): place = .length(count)
        case .streamed: place = judged.opensWebSocket ? .untilClose : .chunk(.size)
        case .untilClose: (place, isPersistent) = (.untilClose, false)
        }
    }

    /// Nil where more has to come; a part that is nil where one more look is due.
    private mutating func next(_ chunk: ChunkPlace, in bytes: inout ByteBuffer) throws(ReplyRefusal) -> (part: ReplyPart?, Void)? {
        switch chunk {
        case .size:
            guard let line = try line(in: &bytes) else { return nil }
            let size = try size(line)
            room = Self.mostLineBytes
            place = .chunk(size == 0 ? .trailers([]) : .data(size))
        case .data(let left):
            guard let slice = bytes.readPiece(atMost: left) else { return nil }
            let rest = left - Int64(slice.readableBytes)
            place = .chunk(rest == 0 ? .dataEnd : .data(rest))
            return (.body(slice), ())
        case .dataEnd:
            guard let line = try line(in: &bytes) else { return nil }
            guard line.isEmpty else { throw .framing }
            place = .chunk(.size)
        case .trailers(var trailers):
            guard let line = try line(in: &bytes) else { return nil }
            guard !line.isEmpty else { return (end(trailers), ()) }
            place = .over
            trailers.append(try Self.field(line))
            place = .chunk(.trailers(trailers))
        }
        return (nil, ())
    }

    /// A line without its end, which is CR LF and nothing else.
    private mutating func line(in bytes: inout ByteBuffer) throws(ReplyRefusal) -> [UInt8]? {
        let start = bytes.readerIndex
        guard let end = bytes.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) else {
            guard bytes.readableBytes <= room else { throw .tooLarge }
            return nil
        }
        room -= end + 1 - start
        guard room >= 0 else { throw .tooLarge }
        guard var line = bytes.readBytes(length: end + 1 - start), line.count >= 2 else { throw .framing }
        line.removeLast()
        guard line.removeLast() == UInt8(ascii: "\r"), !line.contains(UInt8(ascii: "\r")) else { throw .framing }
        return line
    }

    private mutating func status(_ line: [UInt8]) throws(ReplyRefusal) -> Int {
        let version = Array("HTTP/1.".utf8)
        guard line.count >= 12, line.starts(with: version), line[8] == UInt8(ascii: " "), line.count == 12 || line[12] == UInt8(ascii: " "),
            line[9...11].allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { throw .status }
        switch line[7] {
        case UInt8(ascii: "1"): break
        case UInt8(ascii: "0"): isPersistent = false
        default: throw .status
        }
        return line[9...11].reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    private static func field(_ line: [UInt8]) throws(ReplyRefusal) -> ReceivedHead.Field {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { throw .fields }
        return ReceivedHead.Field(String(decoding: line[..<colon], as: UTF8.self), Array(line[(colon + 1)...]))
    }

    /// Extensions of a chunk mean nothing to anybody; a connection on which one came is not used again.
    private mutating func size(_ line: [UInt8]) throws(ReplyRefusal) -> Int64 {
        let digits = line.prefix { $0 != UInt8(ascii: ";") }
        if digits.count < line.count { isPersistent = false }
        guard (1...15).contains(digits.count) else { throw .framing }
        var size: Int64 = 0
        for digit in digits {
            guard let value = Character(UnicodeScalar(digit)).hexDigitValue else { throw .framing }
            size = size << 4 | Int64(value)
        }
        return size
    }
}

extension ByteBuffer {
    fileprivate mutating func readPiece(atMost limit: Int64) -> ByteBuffer? {
        guard readableBytes > 0 else { return nil }
        return readSlice(length: Int(min(limit, Int64(readableBytes))))
    }
}

extension ReceivedReply {
    fileprivate func values(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name }.map { String(decoding: $0.value, as: UTF8.self).lowercased() }
    }

    fileprivate var closes: Bool { values("connection").contains { $0.contains("close") } }

    /// Whether it asks for a proof of who one is that holds for a connection and not for a request: the next request on it would be somebody.
    fileprivate var bindsConnection: Bool {
        values("www-authenticate").contains { $0.contains("ntlm") || $0.contains("negotiate") } || !values("persistent-auth").isEmpty
    }

    fileprivate var keepsFor: TimeAmount? {
        let words = values("keep-alive").flatMap { $0.split { ", ;".contains($0) } }
        guard let word = words.first(where: { $0.hasPrefix("timeout=") }), let seconds = Int64(word.dropFirst("timeout=".count)) else { return nil }
        return .seconds(min(max(seconds, 0), 3600))
    }
}
