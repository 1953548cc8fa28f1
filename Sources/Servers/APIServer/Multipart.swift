import Model

/// A `multipart/form-data` body (RFC 7578), strictly: every part has a name of its own, and nothing stands before, between or after the parts.
struct Multipart {
    /// The most parts of one body.
    static let maximumPartCount = 40_020

    private var parts: [Substring: Range<Int>] = [:]
    private let body: [UInt8]

    init(_ body: [UInt8], contentType: String?) throws {
        self.body = body
        let delimiter = Array("--\(try Self.boundary(in: contentType))".utf8)
        guard body.starts(with: delimiter) else { throw MultipartError.malformed }
        var position = delimiter.count
        while true {
            if body[position...].elementsEqual("--\r\n".utf8) || body[position...].elementsEqual("--".utf8) { return }
            guard body[position...].starts(with: "\r\n".utf8) else { throw MultipartError.malformed }
            let (name, start) = try Self.head(body, at: position + 2)
            guard let end = Self.find(Array("\r\n".utf8) + delimiter, in: body, from: start) else { throw MultipartError.malformed }
            guard parts.count < Self.maximumPartCount, parts.updateValue(start..<end, forKey: name[...]) == nil else {
                throw MultipartError.doubledPart
            }
            position = end + 2 + delimiter.count
        }
    }

    /// A part's bytes; nil when there is none of that name.
    func bytes(_ name: String) -> [UInt8]? { parts[name[...]].map { Array(body[$0]) } }

    /// A part as a secret value; nil when there is none of that name.
    func value(_ name: String) -> SecretValue? {
        parts[name[...]].map { range in
            unsafe body.withUnsafeBytes { bytes in
                unsafe SecretValue(copying: UnsafeRawBufferPointer(rebasing: bytes[range]).bytes)
            }
        }
    }

    var count: Int { parts.count }

    /// A boundary of RFC 2046's characters, unquoted.
    private static func boundary(in contentType: String?) throws -> String {
        let prefix = "multipart/form-data; boundary="
        guard let contentType, contentType.hasPrefix(prefix) else { throw MultipartError.noBoundary }
        let boundary = contentType.dropFirst(prefix.count)
        let isClean = boundary.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45 }
        guard (16...70).contains(boundary.utf8.count), isClean else { throw MultipartError.noBoundary }
        return String(boundary)
    }

    /// Reads `Content-Disposition: form-data; name="…"` and an optional content type, up to the empty line.
    private static func head(_ body: [UInt8], at start: Int) throws -> (name: String, end: Int) {
        guard let end = find(Array("\r\n\r\n".utf8), in: body, from: start), end - start <= 512 else { throw MultipartError.malformed }
        guard let text = String(validating: body[start..<end], as: UTF8.self) else { throw MultipartError.malformed }
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
        let prefix = "Content-Disposition: form-data; name=\""
        guard let first = lines.first, first.hasPrefix(prefix), first.hasSuffix("\""),
            lines.dropFirst().allSatisfy({ $0.hasPrefix("Content-Type: ") })
        else { throw MultipartError.malformed }
        let name = first.dropFirst(prefix.count).dropLast()
        guard !name.isEmpty, !name.contains("\"") else { throw MultipartError.malformed }
        return (String(name), end + 4)
    }

    private static func find(_ needle: [UInt8], in body: [UInt8], from start: Int) -> Int? {
        guard start <= body.count, let first = needle.first else { return nil }
        var position = start
        while let candidate = body[position...].firstIndex(of: first) {
            if body[candidate...].starts(with: needle) { return candidate }
            position = candidate + 1
        }
        return nil
    }
}

/// Why a body is no multipart form.
enum MultipartError: Diagnosable, Equatable {
    case noBoundary
    case malformed
    case doubledPart
    case missingPart(String)

    var code: String { "request.malformed" }

    var message: String {
        switch self {
        case .noBoundary: "the request is no multipart form with a boundary of 16 to 70 letters, digits and `-`"
        case .malformed: "the multipart form is cut or malformed"
        case .doubledPart: "the multipart form has two parts of one name, or too many"
        case .missingPart(let name): "the multipart form lacks the part `\(name)`"
        }
    }
}
