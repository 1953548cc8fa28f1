import Policies

/// Secrets in a JSON object, for import and export.
///
/// `{"NAME": "text"}` gives a secret of one field, and `{"NAME": {"FIELD": "text"}}` one of several. In place of a text may stand `{"text": "…"}` or,
/// for bytes that are no text, `{"base64": "…"}`, and beside it `"kind": "plain"` for a field that is not hidden.
package enum SecretsJSON {
    /// One field of a secret.
    package struct Item: Sendable, Equatable {
        package var name: String
        /// The field's name; nil where the secret has one field and it was written without a name.
        package var field: String?
        /// Whether the field is shown as it is.
        package var isPlain: Bool
        /// The value, which the caller wipes.
        package var value: [UInt8]
        /// The line on which its key stands, from 1.
        package var line: Int

        package init(name: String, field: String? = nil, isPlain: Bool = false, value: [UInt8], line: Int = 0) {
            self.name = name
            self.field = field
            self.isPlain = isPlain
            self.value = value
            self.line = line
        }
    }

    /// The largest value, in bytes.
    package static let maximumValueByteCount = 1 << 20

    /// Reads the fields of a file in its order, those of a secret together. When reading fails, what was read is wiped; what is wrong with single values is
    /// told together.
    package static func parse(_ bytes: [UInt8]) throws(FormatError) -> [Item] {
        var reader = JSONReader(bytes)
        var items: [Item] = []
        let faults = Faults()
        do throws(FormatError) {
            guard try reader.kind() == .object else { throw reader.error("shape", "the file is not a JSON object of names and values") }
            try reader.object { (reader, name) throws(FormatError) in
                try faults.passing(&reader) { (reader) throws(FormatError) in try readSecret(name, &reader, into: &items, faults) }
            }
            try reader.finish()
        } catch { faults.found.append(error) }
        guard let first = faults.found.first else { return items }
        for index in items.indices { items[index].value.wipe() }
        throw first.with(faults.found.dropFirst())
    }

    /// What is wrong with single values.
    private final class Faults {
        var found: [FormatError] = []
        /// Those behind which the rest of the file means what it says.
        private static let passable = Set(
            ["name", "field", "empty", "not-text", "depth", "too-large", "unknown-key", "kind", "shape", "base64"].map { "json.\($0)" })

        /// Reads a value, and passes over one with such a fault.
        func passing(
            _ reader: inout JSONReader, _ body: (inout JSONReader) throws(FormatError) -> Void
        ) throws(FormatError) {
            let start = reader
            do throws(FormatError) { try body(&reader) } catch {
                guard Self.passable.contains(error.code) else { throw error }
                found.append(error)
                reader = start
                try reader.skip()
            }
        }
    }

    private static func readSecret(
        _ name: String, _ reader: inout JSONReader, into items: inout [Item], _ faults: Faults
    ) throws(FormatError) {
        guard NameShape.isSecret(name.utf8) else {
            throw reader.error("name", "this is no name of a secret: \(NameShape.secretRule)", hint: "secret names look like `stripe/api-key`")
        }
        switch try reader.kind() {
        case .string:
            let line = reader.line
            items.append(Item(name: name, value: try readText(&reader), line: line))
        case .object:
            let (count, faultCount) = (items.count, faults.found.count)
            try reader.object { (reader, field) throws(FormatError) in
                try faults.passing(&reader) { (reader) throws(FormatError) in
                    guard NameShape.isSegment(field.utf8) else { throw reader.error("field", "this is no name of a field") }
                    items.append(try readField(name, field, &reader))
                }
            }
            guard items.count > count || faults.found.count > faultCount else { throw reader.error("empty", "a secret has no field") }
        case let kind: throw refused(kind, reader)
        }
    }

    private static func readField(_ name: String, _ field: String, _ reader: inout JSONReader) throws(FormatError) -> Item {
        let kind = try reader.kind()
        let line = reader.line
        switch kind {
        case .string: return Item(name: name, field: field, value: try readText(&reader), line: line)
        case .object:
            let form = try readForm(&reader)
            return Item(name: name, field: field, isPlain: form.isPlain, value: form.value ?? [], line: line)
        default: throw refused(kind, reader)
        }
    }

    /// Reads a string that is not too large.
    private static func readText(_ reader: inout JSONReader) throws(FormatError) -> [UInt8] {
        let start = reader
        var value = try reader.string()
        guard value.count <= maximumValueByteCount else {
            value.wipe()
            throw start.error("too-large", "the value is larger than 1 MiB")
        }
        return value
    }

    private static func refused(_ kind: JSONReader.Kind, _ reader: JSONReader) -> FormatError {
        switch kind {
        case .number, .truthValue:
            reader.error("not-text", "a value is a number or a truth value", hint: "put it in quotes: what exactly it is as text is for you to say")
        case .null: reader.error("not-text", "a value is null", hint: "write \"\" for an empty value, or leave the name out")
        case .array: reader.error("not-text", "a value is a list", hint: "import each element under a name of its own")
        case .object, .string: reader.error("depth", "the objects are nested too deeply", hint: "a file has names, fields, and nothing below them")
        }
    }
}

extension SecretsJSON {
    /// Reads `{"text": …}` or `{"base64": …}`, with or without `"kind"`.
    private static func readForm(_ reader: inout JSONReader) throws(FormatError) -> Form {
        var form = Form()
        do throws(FormatError) {
            try reader.object { (reader, key) throws(FormatError) in try form.read(key, &reader) }
            guard form.value != nil else { throw reader.error("shape", "a field has neither `text` nor `base64`") }
        } catch {
            form.value?.wipe()
            throw error
        }
        return form
    }

    private struct Form {
        var value: [UInt8]?
        var isPlain = false

        mutating func read(_ key: String, _ reader: inout JSONReader) throws(FormatError) {
            guard ["text", "base64", "kind"].contains(key) else {
                let hint = suggestion(for: key, among: ["text", "base64", "kind"]).map { "did you mean `\($0)`?" }
                throw reader.error("unknown-key", "a field has a key other than `text`, `base64` and `kind`", hint: hint)
            }
            let kind = try reader.kind()
            guard kind == .string else { throw SecretsJSON.refused(kind, reader) }
            let start = reader
            var text = try reader.string()
            switch key {
            case "kind":
                guard text.elementsEqual("plain".utf8) || text.elementsEqual("secret".utf8) else {
                    throw start.error("kind", "the kind of a field is `secret` or `plain`")
                }
                isPlain = text.elementsEqual("plain".utf8)
            case _ where value != nil:
                text.wipe()
                throw start.error("shape", "a field has both `text` and `base64`")
            case "text": value = text
            default:
                defer { text.wipe() }
                value = Base64.decode(text)
                guard value != nil else { throw start.error("base64", "this is not base64", hint: "use A-Z a-z 0-9 + / with padding") }
            }
            guard value?.count ?? 0 <= maximumValueByteCount else { throw start.error("too-large", "the value is larger than 1 MiB") }
        }
    }
}
