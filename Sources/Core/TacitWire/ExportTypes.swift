import FoundationEssentials

/// One secret that an export would write, as its plan shows it; never a value.
public struct ExportSummary: Codable, Sendable, Equatable {
    public var name: String
    public var version: Int64
    public var fields: [FieldSummary]

    public init(name: String, version: Int64, fields: [FieldSummary]) {
        self.name = name
        self.version = version
        self.fields = fields
    }
}

/// Asks for the values of secrets, each at the version that its plan showed. Names are asked for once, at most `mostSecrets` of them.
public struct ExportRequest: Codable, Sendable, Equatable {
    /// As many as one entry of the log names.
    public static let mostSecrets = 1000

    public struct Item: Codable, Sendable, Equatable {
        public var name: String
        public var version: Int64

        public init(name: String, version: Int64) {
            self.name = name
            self.version = version
        }
    }
    public var items: [Item]

    public init(items: [Item]) { self.items = items }
}

/// What stands before the values that answer an `ExportRequest`: of the first secrets that were asked for, as many as go into one answer, how long the values
/// of their fields are.
///
/// The answer is the length of this in four bytes, the high one first, this as JSON, and the values one after another with nothing between them.
public struct ExportHead: Codable, Sendable, Equatable {
    public struct Secret: Codable, Sendable, Equatable {
        public var name: String
        /// In bytes, in the order of the fields; nil where the secret has expired: it has no values here.
        public var sizes: [Int]?

        public init(name: String, sizes: [Int]?) {
            self.name = name
            self.sizes = sizes
        }
    }
    public var secrets: [Secret]

    public init(secrets: [Secret]) { self.secrets = secrets }

    private static let lengthByteCount = 4

    /// The length of the JSON, and the JSON.
    public var framed: [UInt8] {
        get throws {
            let json = Array(try WireJSON.encode(self))
            let length = UInt32(json.count)
            return (0..<Self.lengthByteCount).reversed().map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + json
        }
    }

    /// Where the values of each secret lie in an answer, in the order of its fields; nil for an answer that is cut or has something over.
    public static func values(in answer: [UInt8]) -> [(name: String, ranges: [Range<Int>]?)]? {
        guard answer.count >= lengthByteCount else { return nil }
        let length = answer[..<lengthByteCount].reduce(0) { $0 << 8 | Int($1) }
        var position = lengthByteCount
        guard length <= answer.count - position, let head = try? WireJSON.decode(Self.self, from: Data(answer[position..<(position + length)])) else {
            return nil
        }
        position += length
        var found: [(name: String, ranges: [Range<Int>]?)] = []
        for secret in head.secrets {
            var ranges: [Range<Int>]?
            for size in secret.sizes ?? [] {
                guard size >= 0, size <= answer.count - position else { return nil }
                ranges = (ranges ?? []) + [position..<(position + size)]
                position += size
            }
            found.append((secret.name, secret.sizes == nil ? nil : ranges ?? []))
        }
        return position == answer.count ? found : nil
    }
}
