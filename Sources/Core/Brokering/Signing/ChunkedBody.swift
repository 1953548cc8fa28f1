/// A body in the chunks of Amazon S3 (`aws-chunked`) on its way: the signature of each chunk is checked, and another one stands in its place.
///
/// A signed chunk goes on whole, once it was checked, so at most one chunk is in memory; one without a signature goes on as it comes. However the body is
/// cut on its way here, what goes on is the same.
package struct ChunkedBody: Sendable {
    /// What goes on of a body, in its order.
    package enum Piece: Sendable, Equatable {
        /// What stands around the content: lengths and signatures.
        case frame([UInt8])
        /// What is looked into: the content, and the fields behind it.
        case content([UInt8])

        package var bytes: [UInt8] {
            switch self {
            case .frame(let bytes), .content(let bytes): bytes
            }
        }
    }

    /// A signed chunk is at most so long; the SDKs make chunks of 64 or 128 KiB.
    package static let maximumChunkBytes = 1 << 20

    private enum State: Sendable {
        /// The line before a chunk is read.
        case line
        case content(left: Int64)
        /// The line end behind a chunk.
        case end(isLast: Bool)
        case trailers
        case done
    }

    private let form: SignedPayload.ChunkForm
    private var state = State.line
    private var line: [UInt8] = []
    /// Of a signed chunk, what came of it.
    private var chunk: [UInt8] = []
    private var head = ChunkLine()
    private var trailers = ChunkTrailers()
    private var byteCount: Int64 = 0
    private var shown: ChunkSignatures?
    private var made: ChunkSignatures?

    /// Takes a claim that was checked, and what it became; nil for a body in no chunks.
    package init?(_ claim: SignatureClaim, shownBy pair: SigningPair, _ resigned: SignatureClaim.Resigned) {
        guard case .chunks(let form) = claim.payload else { return nil }
        self.form = form
        guard form.isSigned else { return }
        shown = ChunkSignatures(pair.key(for: claim.scope), claim.time, claim.scope, after: claim.signature)
        made = ChunkSignatures(resigned.key, claim.time, claim.scope, after: resigned.signature)
    }

    /// Takes bytes of the body and appends what may go on. After a refusal nothing more may.
    package mutating func pass(_ bytes: [UInt8], into pieces: inout [Piece]) throws(SignatureRefusal) {
        var rest = bytes[...]
        while let byte = rest.first {
            switch state {
            case .line:
                guard let line = try takeLine(&rest) else { continue }
                try begin(ChunkLine(line, isSigned: form.isSigned), line, &pieces)
            case .content(let left):
                let content = rest.prefix(Int(min(left, Int64(rest.count))))
                rest = rest.dropFirst(content.count)
                if form.isSigned { chunk += content } else { pieces.append(.content(Array(content))) }
                guard left == Int64(content.count) else {
                    state = .content(left: left - Int64(content.count))
                    continue
                }
                if form.isSigned { try seal(&pieces) }
                state = .end(isLast: false)
            case .end(let isLast):
                guard let line = try takeLine(&rest) else { continue }
                guard line.isEmpty else { throw .chunk }
                pieces.append(.frame(Array("\r\n".utf8)))
                state = isLast ? .done : .line
            case .trailers:
                guard let line = try takeLine(&rest) else { continue }
                if line.isEmpty { try conclude(&pieces) } else { try trailers.take(line, isSigned: form.isSigned) }
            case .done:
                _ = byte
                throw .chunk
            }
        }
    }

    /// Says that the body ended; refuses one that is not whole.
    package func finish() throws(SignatureRefusal) { guard case .done = state else { throw .chunk } }

    /// A line without its end; nil as long as that is not there.
    private mutating func takeLine(_ rest: inout ArraySlice<UInt8>) throws(SignatureRefusal) -> [UInt8]? {
        let end = rest.firstIndex(of: UInt8(ascii: "\n"))
        line += rest[..<(end ?? rest.endIndex)]
        rest = rest[(end.map { $0 + 1 } ?? rest.endIndex)...]
        guard line.count <= ChunkTrailers.maximumBytes else { throw .chunk }
        guard end != nil else { return nil }
        guard line.popLast() == UInt8(ascii: "\r"), !line.contains(UInt8(ascii: "\r")) else { throw .chunk }
        defer { line = [] }
        return line
    }

    private mutating func begin(_ head: ChunkLine?, _ line: [UInt8], _ pieces: inout [Piece]) throws(SignatureRefusal) {
        guard let head, byteCount + head.byteCount <= form.byteCount else { throw .chunk }
        guard !form.isSigned || head.byteCount <= Int64(Self.maximumChunkBytes) else { throw .chunkTooLong }
        self.head = head
        byteCount += head.byteCount
        if head.byteCount > 0 {
            state = .content(left: head.byteCount)
            if !form.isSigned { pieces.append(.frame(line + Array("\r\n".utf8))) }
            return
        }
        guard byteCount == form.byteCount else { throw .chunk }
        if form.isSigned { try seal(&pieces) } else { pieces.append(.frame(line + Array("\r\n".utf8))) }
        state = form.trailers == nil ? .end(isLast: true) : .trailers
    }

    /// Checks the chunk that came and signs it anew.
    private mutating func seal(_ pieces: inout [Piece]) throws(SignatureRefusal) {
        guard shown?.check(head.signature, ofChunk: chunk) == true, let signature = made?.sign(chunk: chunk) else { throw .chunkMismatch }
        pieces.append(.frame(head.bytes(signature)))
        if !chunk.isEmpty { pieces.append(.content(chunk)) }
        chunk = []
    }

    private mutating func conclude(_ pieces: inout [Piece]) throws(SignatureRefusal) {
        guard trailers.isComplete(form.trailers ?? [], isSigned: form.isSigned) else { throw .trailer }
        var bytes: [UInt8] = []
        if let signature = trailers.signature {
            guard shown?.check(signature, ofTrailers: trailers.canonical) == true, let signature = made?.sign(trailers: trailers.canonical) else {
                throw .trailer
            }
            bytes += Array("\(ChunkTrailers.signatureName):".utf8) + signature + Array("\r\n".utf8)
        }
        if !trailers.lines.isEmpty { pieces.append(.content(trailers.lines)) }
        pieces.append(.frame(bytes + Array("\r\n".utf8)))
        state = .done
    }
}

/// The line before a chunk: `SIZE;chunk-signature=DIGITS`, or its size alone.
struct ChunkLine: Sendable {
    private(set) var byteCount: Int64 = 0
    private(set) var signature: [UInt8] = []
    private var size: [UInt8] = []

    private static let mark = Array(";chunk-signature=".utf8)

    init() {}

    /// Nil for a line that is written in another way.
    init?(_ line: [UInt8], isSigned: Bool) {
        size = Array(line.prefix { $0 != UInt8(ascii: ";") })
        let rest = line.dropFirst(size.count)
        guard (1...15).contains(size.count), size.count == 1 || size[0] != UInt8(ascii: "0"), size.allSatisfy({ $0.hexadecimalValue != nil }) else {
            return nil
        }
        byteCount = size.reduce(0) { $0 << 4 | Int64($1.hexadecimalValue ?? 0) }
        guard isSigned else {
            guard rest.isEmpty else { return nil }
            return
        }
        signature = Array(rest.dropFirst(Self.mark.count))
        guard rest.starts(with: Self.mark), BodyDigest.isDigest(signature) else { return nil }
    }

    /// The same with another signature.
    func bytes(_ signature: [UInt8]) -> [UInt8] { size + Self.mark + signature + Array("\r\n".utf8) }
}
