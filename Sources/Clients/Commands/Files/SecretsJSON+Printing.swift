extension SecretsJSON {
    /// Prints fields so that `parse` reads the same ones; the fields of a secret stand together. The caller wipes the result.
    package static func print(_ items: [Item]) throws(FormatError) -> [UInt8] {
        try check(items)
        var text: [UInt8] = []
        // An upper bound, so that the buffer never moves: what is printed is secret.
        text.reserveCapacity(items.reduce(8) { $0 + $1.name.utf8.count + ($1.field?.utf8.count ?? 0) + 6 * $1.value.count + 64 })
        text.append(contentsOf: "{".utf8)
        for index in items.indices {
            let item = items[index]
            let isFirst = index == 0 || items[index - 1].name != item.name
            let isLast = index + 1 == items.count || items[index + 1].name != item.name
            if isFirst {
                text.append(contentsOf: (index == 0 ? "\n  " : ",\n  ").utf8)
                JSONText.appendQuoted(item.name.utf8, to: &text)
                text.append(contentsOf: ": ".utf8)
            }
            if let field = item.field {
                text.append(contentsOf: (isFirst ? "{" : ", ").utf8)
                JSONText.appendQuoted(field.utf8, to: &text)
                text.append(contentsOf: ": ".utf8)
            }
            append(item, to: &text)
            if item.field != nil, isLast { text.append(UInt8(ascii: "}")) }
        }
        text.append(contentsOf: (items.isEmpty ? "}\n" : "\n}\n").utf8)
        return text
    }

    private static func append(_ item: Item, to text: inout [UInt8]) {
        let isText = isUTF8(item.value)
        if isText, !item.isPlain { return JSONText.appendQuoted(item.value, to: &text) }
        text.append(contentsOf: (isText ? "{\"text\": " : "{\"base64\": \"").utf8)
        if isText {
            JSONText.appendQuoted(item.value, to: &text)
        } else {
            Base64.append(item.value, to: &text)
            text.append(UInt8(ascii: "\""))
        }
        text.append(contentsOf: (item.isPlain ? ", \"kind\": \"plain\"}" : "}").utf8)
    }

    /// Checks that every field has a place of its own.
    private static func check(_ items: [Item]) throws(FormatError) {
        var closed: Set<String> = []
        var fields: Set<String> = []
        for (index, item) in items.enumerated() {
            func error(_ problem: String) -> FormatError { FormatError("json.item", "field \(index + 1) \(problem)", at: nil) }
            guard NameShape.isSecret(item.name.utf8), item.field.map({ NameShape.isSegment($0.utf8) }) ?? true else {
                throw error("has a name that cannot be written")
            }
            guard item.field != nil || !item.isPlain && isUTF8(item.value) else { throw error("needs a field name") }
            if index == 0 || items[index - 1].name != item.name { fields = [] }
            let isNew = closed.insert(item.name).inserted || index > 0 && items[index - 1].name == item.name
            guard isNew, item.field != nil || fields.isEmpty, !fields.contains("") else { throw error("stands apart from the others of its secret") }
            guard fields.insert(item.field ?? "").inserted else { throw error("comes twice") }
        }
    }
}
