import FoundationEssentials

/// A page of a list of secrets as JSON, written and read by hand: ten thousand of them may come at once, and `WireJSON` takes longer over them than the
/// keeper over all the rest. The tests hold the two together.
extension Page where Element == SecretSummary {
    private static let usualItemByteCount = 160

    /// What `WireJSON` would write.
    public var json: [UInt8] {
        var writer = WireWriter(capacity: items.count * Self.usualItemByteCount)
        writer.object { writer in
            writer.member("items") { $0.list(items) { writer, item in writer.object { item.write(to: &$0) } } }
            writer.optional("next_cursor", nextCursor)
            if let total { writer.raw("total", total) }
        }
        return writer.bytes
    }

    /// Reads a page, whoever wrote it.
    public init(json: [UInt8]) throws {
        var reader = PageReader(json)
        self = try reader.page() ?? WireJSON.decode(from: Data(json))
    }
}

extension SecretSummary {
    fileprivate func write(to writer: inout WireWriter) {
        writer.optional("deleted_at", deletedAt)
        writer.optional("description", description)
        writer.optional("expires_at", expiresAt)
        if let fields { writer.member("fields") { $0.list(fields) { $0.text($1) } } }
        writer.optional("name", name)
        if let requires { writer.member("requires") { $0.list(requires) { $0.text($1) } } }
        writer.member("tags") { $0.list(tags) { $0.text($1) } }
        writer.optional("updated_at", updatedAt)
        if let usableWith { writer.member("usable_with") { $0.list(usableWith) { $0.text($1) } } }
        writer.raw("version", version)
    }
}

/// Reads what `Page.json` writes. At anything else, an escape or a member of a newer keeper among them, it gives up: what that is, is not its to say.
private struct PageReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func page() -> Page<SecretSummary>? {
        guard take("{\"items\":[") else { return nil }
        var page = Page<SecretSummary>(items: [])
        if !take("]") {
            repeat {
                guard let item = summary() else { return nil }
                page.items.append(item)
            } while take(",")
            guard take("]") else { return nil }
        }
        if take(",\"next_cursor\":") {
            guard let cursor = text() else { return nil }
            page.nextCursor = cursor
        }
        if take(",\"total\":") {
            guard let total = number() else { return nil }
            page.total = Int(total)
        }
        return take("}") && position == bytes.count ? page : nil
    }

    private mutating func summary() -> SecretSummary? {
        guard take("{") else { return nil }
        let deletedAt = optional("\"deleted_at\":")
        let description = optional("\"description\":")
        let expiresAt = optional("\"expires_at\":")
        var fields: [String]?
        if take("\"fields\":") {
            guard let names = texts(), take(",") else { return nil }
            fields = names
        }
        guard take("\"name\":"), let name = text() else { return nil }
        var requires: [String]?
        if take(",\"requires\":") {
            guard let conditions = texts() else { return nil }
            requires = conditions
        }
        guard take(",\"tags\":"), let tags = texts(), take(",\"updated_at\":"), let updatedAt = text() else { return nil }
        var usableWith: [String]?
        if take(",\"usable_with\":") {
            guard let capabilities = texts() else { return nil }
            usableWith = capabilities
        }
        guard take(",\"version\":"), let version = number(), take("}") else { return nil }
        return SecretSummary(
            name: name, version: version, tags: tags, description: description, updatedAt: updatedAt, expiresAt: expiresAt, deletedAt: deletedAt,
            usableWith: usableWith, requires: requires, fields: fields)
    }

    /// A member that need not be there, with the comma behind it. One that is no text leaves the reader where nothing else fits.
    private mutating func optional(_ key: StaticString) -> String? {
        guard take(key), let value = text(), take(",") else { return nil }
        return value
    }

    private mutating func texts() -> [String]? {
        guard take("[") else { return nil }
        if take("]") { return [] }
        var texts: [String] = []
        repeat {
            guard let text = text() else { return nil }
            texts.append(text)
        } while take(",")
        return take("]") ? texts : nil
    }

    private mutating func text() -> String? {
        guard take("\""), let end = bytes[position...].firstIndex(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") || $0 < 0x20 }),
            bytes[end] == UInt8(ascii: "\""), let text = String(validating: bytes[position..<end], as: UTF8.self)
        else { return nil }
        position = end + 1
        return text
    }

    private mutating func number() -> Int64? {
        let digits = bytes[position...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        position += digits.count
        return digits.count > 1 && digits.first == UInt8(ascii: "0") ? nil : Int64(String(decoding: digits, as: UTF8.self))
    }

    private mutating func take(_ text: StaticString) -> Bool {
        let end = position + text.utf8CodeUnitCount
        guard end <= bytes.count, text.withUTF8Buffer({ unsafe bytes[position..<end].elementsEqual($0) }) else { return false }
        position = end
        return true
    }
}
