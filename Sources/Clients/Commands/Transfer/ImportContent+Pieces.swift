import TacitWire

extension ImportContent {
    /// What one request may have, with room left for its own words.
    private static let mostSecrets = 20_000
    private static let mostParts = 100_000
    private static let mostBytes = (64 << 20) - (1 << 20)

    /// The parts in as many requests as they need: one, for any file that a person keeps by hand. The fields of a secret stay together.
    var pieces: [ArraySlice<Part>] {
        var pieces: [ArraySlice<Part>] = []
        var start = 0
        var (secrets, bytes) = (0, 0)
        var next = 0
        while next < parts.count {
            let end = parts[next...].firstIndex { $0.entry.name != parts[next].entry.name } ?? parts.count
            let size = parts[next..<end].reduce(0) { $0 + $1.size }
            if next > start, secrets == Self.mostSecrets || end - start > Self.mostParts || bytes + size > Self.mostBytes {
                pieces.append(parts[start..<next])
                (start, secrets, bytes) = (next, 0, 0)
            }
            (secrets, bytes, next) = (secrets + 1, bytes + size, end)
        }
        return start < parts.count || parts.isEmpty ? pieces + [parts[start...]] : pieces
    }

    /// The masked values with what would be done.
    func preview(_ result: ImportResult, _ style: Style) -> [String] {
        var actions: [String: String] = [:]
        for (names, action) in [
            (result.created, "create"), (result.overwritten, "overwrite"), (result.skipped, "skip"), (result.unchanged, "unchanged"),
        ] {
            for name in names { actions[name] = action }
        }
        var table = Table("NAME", "FIELD", "KIND", "VALUE", "ACTION", "TAGS", "CALLED")
        for part in parts {
            let field = part.entry.field == SetFields.usualField ? "" : part.entry.field
            table.add(
                .init(part.entry.name, style: style.bold), .init(field), .init(part.entry.kind == .plain ? "plain" : "", style: style.dim),
                .init(part.entry.kind == .plain ? MaskedText.plain(part.value.bytes) : MaskedText.of(part.value.bytes), style: style.dim),
                .init(actions[part.entry.name] ?? ""),
                .init((part.entry.tags ?? []).joined(separator: " ")), .init((part.title ?? "").printable))
        }
        return table.lines(style)
    }
}

extension ImportContent.Part {
    /// At most what the part takes of a request.
    fileprivate var size: Int {
        value.count + entry.name.utf8.count + entry.field.utf8.count + (entry.tags ?? []).reduce(0) { $0 + $1.utf8.count + 3 } + 256
    }
}
