import FoundationEssentials
import Hummingbird
import Model
import NIOCore
import Secrets
import TacitWire

extension Request {
    /// The largest body of a request that has no values: 1 MiB.
    static let largestDocument = 1 << 20
    /// The largest body of a `set`: four fields of 1 MiB and room for the rest.
    static let largestSet = (4 << 20) + (256 << 10)
    /// The largest body of an import.
    static let largestImport = 64 << 20
    /// The largest plan of a copy: of some ten thousand secrets.
    static let largestPlan = 8 << 20

    /// The body as bytes.
    func bytes(upTo limit: Int) async throws -> [UInt8] {
        do {
            return Array(buffer: try await body.collect(upTo: limit))
        } catch is NIOTooManyBytesError {
            throw Problem("request.too-large", "the request is larger than \(limit) bytes", status: 413)
        }
    }

    /// The body as the JSON of a request; unknown fields are refused.
    func json<Value: Codable>(_ type: Value.Type = Value.self, upTo limit: Int = Self.largestDocument) async throws -> Value {
        try WireJSON.decodeStrictly(type, from: Data(try await bytes(upTo: limit)))
    }

    /// The body as one secret value.
    func secretValue(upTo limit: Int = SecretValue.maximumByteCount) async throws -> SecretValue {
        var bytes = try await bytes(upTo: limit)
        return SecretValue(moving: &bytes)
    }

    func multipart(upTo limit: Int) async throws -> Multipart {
        try Multipart(try await bytes(upTo: limit), contentType: headers[.contentType])
    }

    /// The number in `If-Match`, quoted as an entity tag.
    var expectedRevision: Int64? {
        get throws {
            guard let tag = headers[.ifMatch] else { return nil }
            guard tag.count >= 3, tag.hasPrefix("\""), tag.hasSuffix("\""), let number = canonicalInteger(tag.dropFirst().dropLast()), number >= 0
            else { throw PathError.badNumber }
            return Int64(number)
        }
    }
}

/// Why a request is refused for what it carries.
enum RequestError: Diagnosable, Equatable {
    case unwantedBody
    case unwantedRevision

    var code: String { "request.malformed" }

    var message: String {
        switch self {
        case .unwantedBody: "this request has no body"
        case .unwantedRevision: "this request compares no revision: `If-Match` is not for it"
        }
    }
}

extension Multipart {
    func required(_ name: String) throws -> SecretValue {
        guard let value = value(name) else { throw MultipartError.missingPart(name) }
        return value
    }

    func json<Value: Codable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
        guard let bytes = bytes(name) else { throw MultipartError.missingPart(name) }
        return try WireJSON.decodeStrictly(type, from: Data(bytes))
    }
}

extension APIContext {
    func text(_ parameter: String) throws -> String {
        guard let raw = parameters.get(parameter) else { throw PathError.notCanonical }
        return try PathText.decode(raw)
    }

    func project() throws -> SegmentName { try SegmentName(text("project"), of: .project) }
    func environment() throws -> SegmentName { try SegmentName(text("environment"), of: .environment) }
    func scope() throws -> Scope { Scope(project: try project(), environment: try environment()) }
    func name() throws -> SecretName { try SecretName(text("name")) }
}

extension [String: String] {
    func integer(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = self[key] else { return nil }
        guard let number = canonicalInteger(text), range.contains(number) else { throw PathError.badNumber }
        return number
    }

    /// A word of a few; any other is refused.
    func oneOf(_ key: String, _ words: [String]) throws -> String? {
        guard let text = self[key] else { return nil }
        guard words.contains(text) else { throw PathError.unknownQuery }
        return text
    }

    func duration(_ key: String) throws -> Duration? { try self[key].map { try Timespan(parsing: $0).duration } }
}

/// The number that a text writes in the one way that it is written: no sign, no zeros before it.
private func canonicalInteger(_ text: some StringProtocol) -> Int? { Int(text).flatMap { "\($0)" == text ? $0 : nil } }
