import Glibc

/// Builds a `multipart/form-data` body, for requests that carry values beside JSON. It keeps one copy of them, which `wipe` overwrites.
public struct MultipartBody: Sendable {
    private let boundary: String
    private let end: [UInt8]
    /// The parts and the end.
    private var bytes: [UInt8]

    public init() {
        var generator = SystemRandomNumberGenerator()
        boundary = "tacit-" + String(generator.next(), radix: 36) + "-" + String(generator.next(), radix: 36)
        end = Array("--\(boundary)--\r\n".utf8)
        bytes = end
    }

    /// Adds a part. `name` holds no quotes.
    public mutating func add(_ name: String, _ content: some Collection<UInt8>) {
        let head = Array("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n".utf8)
        bytes.removeLast(end.count)
        makeRoom(head.count + content.count + 2 + end.count)
        bytes += head
        bytes += content
        bytes += [13, 10]
        bytes += end
    }

    public var contentType: String { "multipart/form-data; boundary=\(boundary)" }

    /// The whole body.
    public var body: [UInt8] { bytes }

    /// Overwrites what the body holds. Nobody else may hold `body` any more.
    public mutating func wipe() {
        Self.overwrite(&bytes)
        bytes = end
    }

    /// Moves to a larger buffer where it must, and overwrites the old one.
    private mutating func makeRoom(_ count: Int) {
        guard bytes.count + count > bytes.capacity else { return }
        var larger: [UInt8] = []
        larger.reserveCapacity(max(bytes.count + count, 2 * bytes.capacity))
        larger += bytes
        Self.overwrite(&bytes)
        bytes = larger
    }

    private static func overwrite(_ bytes: inout [UInt8]) {
        unsafe bytes.withUnsafeMutableBytes { buffer in
            if let start = buffer.baseAddress { unsafe explicit_bzero(start, buffer.count) }
        }
    }
}
