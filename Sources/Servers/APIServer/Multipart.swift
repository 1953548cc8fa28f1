import Glibc
import Model

/// A `multipart/form-data` body (RFC 7578), strictly: every part has a name of its own, and nothing stands before, between or after the parts.
struct Multipart {
    /// The most parts of one body.
    static let maximumPartCount = 100_020

    private var parts: [Substring: Range<Int>] = [:]
    private let body: [UInt8]

    init(_ body: [UInt8], contentType: String?) throws {
        self.body = body
        let delimiter = Array("--\(try Self.boundary(in: contentType))".utf8)
        guard body.starts(with: delimiter) else { throw MultipartError.malformed }
        let separator = Self.lineEnd + delimiter
        var position = delimiter.count
        while true {
            let rest = body[position...]
            if rest.elementsEqual("--\r\n".utf8) || rest.elementsEqual("--".utf8) { return }
            guard rest.starts(with: Self.lineEnd) else { throw MultipartError.malformed }
            let (name, start) = try Self.head(body, at: position + 2)
            guard let end = Self.find(separator, in: body[start...]) else { throw MultipartError.malformed }
            guard parts.count < Self.maximumPartCount, parts.updateValue(start..<end, forKey: name[...]) == nil else {
                throw MultipartError.doubledPart
            }
            position = end + separator.count
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

    private static let lineEnd: [UInt8] = [13, 10]
    /// The longest head of a part.
    private static let longestHead = 512

    /// Reads `Content-Disposition: form-data; name="…"` and an optional content type, up to the empty line.
    private static func head(_ body: [UInt8], at start: Int) throws -> (name: String, end: Int) {
        let window = body[start..<min(body.count, start + longestHead + 4)]
        guard let end = find(lineEnd + lineEnd, in: window) else { throw MultipartError.malformed }
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

    /// Where a text first stands in a part of the body.
    private static func find(_ needle: [UInt8], in slice: ArraySlice<UInt8>) -> Int? {
        guard let first = needle.first else { return nil }
        return unsafe slice.withUnsafeBytes { bytes in
            var position = 0
            while bytes.count - position >= needle.count, let base = bytes.baseAddress {
                guard let hit = unsafe memchr(base + position, Int32(first), bytes.count - position) else { return nil }
                position = unsafe UnsafeRawPointer(hit) - base
                guard bytes.count - position >= needle.count else { return nil }
                if unsafe memcmp(base + position, needle, needle.count) == 0 { return slice.startIndex + position }
                position += 1
            }
            return nil
        }
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
