import Glibc

/// Builds a `multipart/form-data` body, for requests that carry values beside JSON.
public struct MultipartBody: Sendable {
    private let boundary: String
    private var bytes: [UInt8] = []

    public init() {
        var generator = SystemRandomNumberGenerator()
        boundary = "tacit-" + String(generator.next(), radix: 36) + "-" + String(generator.next(), radix: 36)
    }

    /// Adds a part. `name` holds no quotes.
    public mutating func add(_ name: String, _ content: some Collection<UInt8>) {
        bytes += Array("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n".utf8)
        bytes += content
        bytes += [13, 10]
    }

    public var contentType: String { "multipart/form-data; boundary=\(boundary)" }

    /// The whole body.
    public var body: [UInt8] { bytes + Array("--\(boundary)--\r\n".utf8) }

    /// Overwrites what the body holds.
    public mutating func wipe() {
        unsafe bytes.withUnsafeMutableBytes { buffer in
            if let start = buffer.baseAddress { unsafe explicit_bzero(start, buffer.count) }
        }
        bytes = []
    }
}
