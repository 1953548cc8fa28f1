/// A piece of a backup on its way to a client that asked for frames: behind its length in four bytes, how many versions are done and how many there are, each in
/// eight, the largest byte first.
public struct BackupFrame: Sendable, Equatable {
    /// Versions that were sealed before this piece was whole.
    public var versions: Int64
    /// How many there were as the backup began.
    public var total: Int64
    public var bytes: [UInt8]

    static let headByteCount = 20

    /// What stands before a piece.
    public static func head(of byteCount: Int, versions: Int64, total: Int64) -> [UInt8] {
        func digits(_ number: Int64, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * (count - 1 - $0))) } }
        return digits(Int64(byteCount), 4) + digits(versions, 8) + digits(total, 8)
    }
}

/// Takes frames out of bytes that come in whatever pieces.
public struct BackupFrames: Sendable {
    private var bytes: [UInt8] = []

    public init() {}

    /// Whether nothing is left that is no whole frame.
    public var isEmpty: Bool { bytes.isEmpty }

    public mutating func append(_ piece: [UInt8]) { bytes += piece }

    /// The next frame; nil where more bytes are needed.
    public mutating func next() -> BackupFrame? {
        guard bytes.count >= BackupFrame.headByteCount else { return nil }
        func number(_ range: Range<Int>) -> Int64 { bytes[range].reduce(0) { $0 << 8 | Int64($1) } }
        let end = BackupFrame.headByteCount + Int(number(0..<4))
        guard bytes.count >= end else { return nil }
        let frame = BackupFrame(versions: number(4..<12), total: number(12..<20), bytes: Array(bytes[BackupFrame.headByteCount..<end]))
        bytes.removeFirst(end)
        return frame
    }
}
