import TacitWire

/// What a file of secrets holds, as an import sends it. Each value lies in a buffer of its own, which is wiped.
struct ImportContent {
    static let maximumByteCount = 63 << 20

    struct Part {
        var entry: ImportRequest.Entry
        var value: WipedBytes
    }

    private(set) var parts: [Part] = []
    /// What another reader of the file would have understood differently, one sentence each.
    private(set) var warnings: [String] = []

    init(_ bytes: [UInt8], _ format: TransferFormat, prefix: String, lastWins: Bool) throws {
        switch format {
        case .dotenv:
            let content = try DotEnv.parse(bytes, duplicates: lastWins ? .lastWins : .refuse)
            warnings = content.warnings.map { "line \($0.line): \($0.message)" }
            for item in content.items {
                try add(prefix + item.name, field: nil, .secret, item.value, line: item.line)
            }
        case .json:
            for item in try SecretsJSON.parse(bytes) {
                try add(prefix + item.name, field: item.field, item.isPlain ? .plain : .secret, item.value, line: item.line)
            }
        }
    }

    private mutating func add(_ name: String, field: String?, _ kind: FieldSummary.Kind, _ value: [UInt8], line: Int) throws {
        guard NameShape.isSecret(name.utf8) else {
            throw CommandFailure(
                "line \(line): with its prefix this is no name of a secret", hint: "a prefix looks like `shop/`", status: .usage, code: "name.invalid"
            )
        }
        parts.append(Part(entry: .init(name: name, field: field ?? SetFields.usualField, kind: kind), value: WipedBytes(value)))
    }
}

/// The masked view of a value: `********`, plus the last four characters of one of 16 or more.
enum MaskedText {
    static func of(_ value: [UInt8]) -> String {
        let tail = value.suffix(4)
        guard value.count >= 16, tail.allSatisfy({ (0x21...0x7E).contains($0) }) else { return "********" }
        return "********" + String(decoding: tail, as: UTF8.self)
    }
}
