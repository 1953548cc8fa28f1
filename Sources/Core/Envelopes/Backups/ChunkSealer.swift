package import Model

/// Cuts what it is given into chunks and seals them, in order. It holds little more than one chunk.
package struct ChunkSealer: Sendable {
    private let cipher: ChunkCipher
    private var pieces = PlaintextPieces()
    private var number: UInt64 = 0

    init(_ cipher: ChunkCipher) { self.cipher = cipher }

    /// Adds bytes that are no value.
    package mutating func add(_ bytes: [UInt8]) { unsafe pieces.append(SecretValue(copying: bytes.span.bytes)) }

    /// Adds a value.
    package mutating func add(_ value: SecretValue) { pieces.append(value) }

    /// The next chunk; nil while it might be the last one.
    package mutating func next() throws(EnvelopeError) -> [UInt8]? {
        guard pieces.byteCount > ChunkCipher.chunkByteCount, let content = pieces.take(ChunkCipher.chunkByteCount) else { return nil }
        defer { number += 1 }
        return try cipher.seal(content, number: number, isLast: false)
    }

    /// The last chunk, once `next` gives none.
    package mutating func finish() throws(EnvelopeError) -> [UInt8] {
        guard let content = pieces.take(pieces.byteCount), content.byteCount <= ChunkCipher.chunkByteCount else { throw .sealingFailed }
        return try cipher.seal(content, number: number, isLast: true)
    }
}

/// Opens chunks in order, and finds out what was changed, moved, left out or added. It holds little more than one chunk.
package struct ChunkOpener: Sendable {
    private let cipher: ChunkCipher
    private var sealed: [UInt8] = []
    private var number: UInt64 = 0

    init(_ cipher: ChunkCipher) { self.cipher = cipher }

    /// Takes bytes of the file as they come.
    package mutating func append(_ bytes: some Collection<UInt8>) { sealed += bytes }

    /// The content of the next chunk; nil while it might be the last one.
    package mutating func next() throws(BackupError) -> SecretValue? {
        guard sealed.count > ChunkCipher.sealedByteCount else { return nil }
        let chunk = sealed[..<ChunkCipher.sealedByteCount]
        guard let content = cipher.open(chunk, number: number, isLast: false) else {
            throw cipher.open(chunk, number: number, isLast: true) == nil ? .changed(piece: number + 1) : .leftOver
        }
        number += 1
        sealed.removeFirst(ChunkCipher.sealedByteCount)
        return content
    }

    /// The content of the last chunk, once the file has ended and `next` gives none.
    package mutating func finish() throws(BackupError) -> SecretValue {
        guard let content = cipher.open(sealed[...], number: number, isLast: true) else { throw .cut }
        return content
    }
}
