import TacitWire

/// What a file of secrets holds, as an import sends it. Each value lies in a buffer of its own, which is wiped.
struct ImportContent {
    static let maximumByteCount = 63 << 20

    struct Part {
        var entry: ImportRequest.Entry
        var value: WipedBytes
        /// What the secret is called in the file, where its name is another.
        var title: String?
    }

    private(set) var parts: [Part] = []
    /// What another reader of the file would have understood differently, or was not understood: one sentence each.
    private(set) var warnings: [String] = []

    /// Takes a .env file, or JSON of names and values.
    init(_ bytes: [UInt8], isJSON: Bool, prefix: String, lastWins: Bool) throws {
        if isJSON {
            for item in try SecretsJSON.parse(bytes) {
                try add(prefix + item.name, field: item.field, item.isPlain ? .plain : .secret, item.value, line: item.line)
            }
        } else {
            let content = try DotEnv.parse(bytes, duplicates: lastWins ? .lastWins : .refuse)
            warnings = content.warnings.map { "line \($0.line): \($0.message)" }
            for item in content.items {
                try add(prefix + item.name, field: nil, .secret, item.value, line: item.line)
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

// MARK: - What is no secret

extension ImportContent {
    /// Takes the fields of a name, or of `NAME#FIELD` the one, as not hidden.
    mutating func makePlain(_ text: String) throws {
        let words = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let meant = parts.indices.filter { parts[$0].entry.name == words[0] && (words.count == 1 || parts[$0].entry.field == words[1]) }
        guard !meant.isEmpty else {
            throw CommandFailure(
                "the file has no \(text.printable)", hint: "`--dry-run` shows what its names become; `--plain` takes one, or NAME#FIELD",
                status: .usage,
                code: "import.no-name")
        }
        for index in meant { parts[index].entry.kind = .plain }
    }
}

// MARK: - Other programs

extension ImportContent {
    private static let mostFields = 64
    private static let largestSecret = 4 << 20

    /// Takes what another program's file holds, under names that can be stored.
    init(_ content: ForeignContent, prefix: String) throws {
        var content = content
        for secret in content.secrets where secret.fields.isEmpty { content.remark("it has no value, and is left out", at: secret.place) }
        content.secrets.removeAll { $0.fields.isEmpty }
        let (names, numbered) = ForeignNames.distinct(content.secrets.map(ForeignNames.name))
        for (secret, name) in zip(content.secrets, names) { try add(secret, name, prefix: prefix, &content) }
        let changed = Set(parts.lazy.filter { $0.title != nil }.map(\.entry.name)).count
        warnings = content.sentences
        if changed > 0 { warnings.append("names that were changed into ones that can be stored: \(changed); the preview of `--dry-run` shows them") }
        if numbered > 0 { warnings.append("names that came before, and have a number at their end: \(numbered)") }
    }

    private mutating func add(_ secret: ForeignSecret, _ bare: String, prefix: String, _ content: inout ForeignContent) throws {
        let (name, place) = (prefix + bare, ForeignSecret.Place.list([secret.place]))
        guard NameShape.isSecret(name.utf8) else {
            throw CommandFailure(
                "\(place): with its prefix this is no name of a secret", hint: "a prefix looks like `shop/`", status: .usage, code: "name.invalid")
        }
        guard secret.fields.count <= Self.mostFields else { throw Self.tooLarge("\(place) has more than \(Self.mostFields) fields") }
        guard secret.fields.allSatisfy({ $0.value.count <= SecretsJSON.maximumValueByteCount }) else {
            throw Self.tooLarge("\(place): a value is larger than 1 MiB")
        }
        guard secret.fields.reduce(0, { $0 + $1.value.count }) <= Self.largestSecret else { throw Self.tooLarge("\(place) is larger than 4 MiB") }
        let title = (secret.folders.filter { !$0.isEmpty } + [secret.title]).joined(separator: "/")
        let fields = ForeignNames.distinct(secret.fields.map { ForeignNames.field($0.name) }).names
        for (position, field) in secret.fields.enumerated() {
            var part = Part(entry: .init(name: name, field: fields[position], kind: field.kind), value: field.value)
            if position == 0 {
                part.title = bare == title ? nil : title
                part.entry.tags = tags(of: secret, &content)
            }
            parts.append(part)
        }
    }

    /// The tags as they can be stored; nil for none.
    private func tags(of secret: ForeignSecret, _ content: inout ForeignContent) -> [String]? {
        let tags = secret.tags.map { String(ForeignNames.segment($0).prefix(64)) }.filter { !$0.isEmpty }
        let unique = Array(Set(tags)).sorted()
        if unique.count > Self.mostFields { content.remark("it has more than \(Self.mostFields) tags, and the rest is left out", at: secret.place) }
        return unique.isEmpty ? nil : Array(unique.prefix(Self.mostFields))
    }

    private static func tooLarge(_ message: String) -> CommandFailure {
        CommandFailure(message, hint: "take it out of the file, and keep where the data lies instead", status: .usage, code: "import.too-large")
    }
}

/// The masked view of a value: `********`, plus the last four characters of one of 16 or more.
enum MaskedText {
    private static let shownCharacters = 40

    /// The view of a field that is not hidden: its first characters, where it is text.
    static func plain(_ value: [UInt8]) -> String {
        guard let text = String(validating: value, as: UTF8.self) else { return of(value) }
        return text.count > shownCharacters ? text.prefix(shownCharacters - 1).description.printable + "…" : text.printable
    }

    static func of(_ value: [UInt8]) -> String {
        let tail = value.suffix(4)
        guard value.count >= 16, tail.allSatisfy({ (0x21...0x7E).contains($0) }) else { return "********" }
        return "********" + String(decoding: tail, as: UTF8.self)
    }
}
