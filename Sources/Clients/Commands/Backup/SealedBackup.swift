import Glibc

/// A backup that is read: what opens it stands in clear at its beginning (SPEC §15.1); the rest goes to the keeper as it is.
final class SealedBackup {
    private let descriptor: Int32
    private let isOwn: Bool
    private var beginning: [UInt8] = []
    /// Where in a file it begins; nil where it comes through a pipe.
    private let start: off_t?
    /// The age file that holds the key; nil where a password opens it.
    let ageFile: [UInt8]?

    convenience init(_ path: String, _ context: CommandContext) throws {
        let isOwn = path != "-"
        let descriptor = isOwn ? unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : context.input
        guard descriptor >= 0 else {
            throw CommandFailure(errno: errno, "the backup cannot be read", hint: "check that the path is right and that you may read it")
        }
        try self.init(descriptor, isOwn: isOwn)
    }

    /// Reads a descriptor from where it stands; its own is closed at the end.
    init(_ descriptor: Int32, isOwn: Bool) throws {
        (self.descriptor, self.isOwn) = (descriptor, isOwn)
        var facts = stat()
        let isFile = unsafe fstat(descriptor, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG
        start = isFile ? lseek(descriptor, 0, SEEK_CUR) : nil
        let head = HeadReader()
        var bytes: [UInt8] = []
        do {
            while try !head.isWhole(bytes) {
                guard let piece = try Self.piece(descriptor) else { break }
                bytes += piece
            }
            ageFile = try head.ageFile(bytes)
        } catch {
            if isOwn { close(descriptor) }
            ageFile = nil
            throw error
        }
        beginning = bytes
    }

    deinit { if isOwn { close(descriptor) } }

    /// How many bytes it has in all; nil where they come through a pipe.
    private(set) lazy var byteCount: Int64? = {
        var facts = stat()
        guard unsafe fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int64(facts.st_size)
    }()

    /// Whether it can be read more than once.
    var isLasting: Bool { start != nil }

    /// Goes back to the beginning.
    func rewind() throws {
        guard let start, lseek(descriptor, start, SEEK_SET) == start else { throw CommandFailure(errno: errno, "the backup cannot be read again") }
        beginning = []
    }

    /// The next bytes, from the beginning on; nil at the end.
    func next() throws -> [UInt8]? {
        guard beginning.isEmpty else {
            defer { beginning = [] }
            return beginning
        }
        return try Self.piece(descriptor)
    }

    private static func piece(_ descriptor: Int32) throws -> [UInt8]? {
        while true {
            var failure: Int32 = 0
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 256 << 10) { buffer, count in
                let received = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                failure = received < 0 ? errno : 0
                count = max(0, received)
            }
            if failure == EINTR { continue }
            guard failure == 0 else {
                throw CommandFailure(
                    errno: failure, "the backup cannot be read", hint: failure == EISDIR ? "name the file of the backup, not its directory" : nil)
            }
            return bytes.isEmpty ? nil : bytes
        }
    }
}

/// Finds, at the beginning of a backup, what opens it.
private struct HeadReader {
    private static let magic = Array("tacit-backup".utf8)
    private static let start = magic.count + 5
    private static let longest = 64 << 10

    /// Whether all of the head is there, or enough to see that this is none.
    func isWhole(_ bytes: [UInt8]) throws -> Bool {
        guard bytes.starts(with: Self.magic.prefix(bytes.count)) else { throw Self.unknown }
        guard bytes.count >= Self.start else { return false }
        return bytes.count >= Self.start + Self.number(bytes, Self.start - 4) || Self.number(bytes, Self.start - 4) > Self.longest
    }

    /// Anything that the keeper refuses anyway counts as opened by a password.
    func ageFile(_ bytes: [UInt8]) throws -> [UInt8]? {
        guard bytes.starts(with: Self.magic) else { throw Self.unknown }
        // Ids of backup and organization, and the time.
        let kind = Self.start + 40
        guard bytes.count >= kind + 7, bytes[(kind + 4)..<(kind + 7)].elementsEqual("age".utf8), Self.number(bytes, kind) == 3 else { return nil }
        guard bytes.count >= kind + 11 else { return nil }
        let length = Self.number(bytes, kind + 7)
        guard length <= Self.longest, bytes.count >= kind + 11 + length else { return nil }
        return Array(bytes[(kind + 11)..<(kind + 11 + length)])
    }

    private static func number(_ bytes: [UInt8], _ position: Int) -> Int { bytes[position..<(position + 4)].reduce(0) { $0 << 8 | Int($1) } }

    private static let unknown = CommandFailure(
        "the file is no backup of Tacit", hint: "name a file that `tacit backup` wrote", code: "backup.unknown")
}
