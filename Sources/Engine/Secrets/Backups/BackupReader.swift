import Envelopes
import Model

/// Where a backup's bytes come from, in whatever pieces; nil at the end.
package typealias BackupSource = @Sendable () async throws -> [UInt8]?

/// What a backup holds, one thing after the other.
enum BackupEvent: Sendable {
    case item(BackupItem)
    /// A whole version of the secret before it.
    case version(Int64, Manifest, [SecretValue])
}

/// Reads a backup as it comes: holds no more of it than one version, and gives nothing out that was not found genuine and in its place.
struct BackupReader {
    private let opening: BackupKey.Opening
    private let hash: any PasswordHash
    private var headBytes: [UInt8] = []
    private(set) var head: BackupHead?
    private var opener: ChunkOpener?
    private var pieces = PlaintextPieces()
    private var length: Int?
    private var order = BackupOrder()
    private var hasEnded = false
    private var isFinished = false

    init(_ opening: BackupKey.Opening, hash: any PasswordHash) { (self.opening, self.hash) = (opening, hash) }

    /// Takes what comes next; false once all of it was read.
    mutating func fill(from source: BackupSource) async throws -> Bool {
        guard !hasEnded else { return false }
        if let bytes = try await source() { append(bytes) } else { hasEnded = true }
        return true
    }

    /// What was read, which was all.
    func finished() throws -> (head: BackupHead, counts: BackupCounts) {
        guard isFinished, order.isAtEnd, let head else { throw BackupError.malformed }
        return (head, order.counts)
    }

    private mutating func append(_ bytes: [UInt8]) {
        if opener == nil { headBytes += bytes } else { opener?.append(bytes) }
    }

    /// The next thing; nil where more bytes are needed, or at the end.
    mutating func next() throws -> BackupEvent? {
        while true {
            if let event = try record() { return event }
            guard let content = try chunk() else { return nil }
            pieces.append(content)
        }
    }

    private mutating func chunk() throws -> SecretValue? {
        if opener == nil {
            guard let (read, count) = try BackupHead.read(headBytes), headBytes.count >= count + MACKey.codeByteCount else {
                guard hasEnded else { return nil }
                throw headBytes.isEmpty ? BackupError.notABackup : BackupError.cut
            }
            let code = Array(headBytes[count..<(count + MACKey.codeByteCount)])
            opener = try BackupKey.open(read, code: code, with: opening, hash: hash).opener(behind: read)
            opener?.append(headBytes[(count + MACKey.codeByteCount)...])
            (head, headBytes) = (read, [])
        }
        if let content = try opener?.next() { return content }
        guard hasEnded, !isFinished else { return nil }
        isFinished = true
        return try opener?.finish()
    }

    /// The next thing that is whole; nil where more content is needed.
    private mutating func record() throws -> BackupEvent? {
        while true {
            if length == nil {
                guard let digits = pieces.takeBytes(4) else {
                    guard !isFinished || pieces.byteCount == 0 else { throw BackupError.malformed }
                    return nil
                }
                let count = digits.reduce(0) { $0 << 8 | Int($1) }
                guard (1...BackupItem.largest).contains(count) else { throw BackupError.malformed }
                length = count
            }
            guard let count = length, pieces.byteCount >= count else {
                guard !isFinished else { throw BackupError.malformed }
                return nil
            }
            length = nil
            if let event = try event(count) { return event }
        }
    }

    private mutating func event(_ count: Int) throws -> BackupEvent? {
        guard let kind = pieces.takeBytes(1)?.first.flatMap(BackupItem.Kind.init) else { throw BackupError.malformed }
        if kind == .value {
            guard let value = pieces.take(count - 1) else { throw BackupError.malformed }
            return try order.take(value)
        }
        guard let bytes = pieces.takeBytes(count - 1) else { throw BackupError.malformed }
        let item: BackupItem
        do { item = try BackupItem(kind, decoding: bytes) } catch { throw BackupError.malformed }
        return try order.take(item)
    }
}
