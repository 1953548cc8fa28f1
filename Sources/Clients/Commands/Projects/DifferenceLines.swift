import TacitWire

/// What a comparison or a plan shows of each secret.
struct DifferenceLines {
    let style: Style
    /// Of two secrets that are held against each other, how each is written.
    var ends: (from: String, to: String)?

    /// One secret: a sign, its name, the versions, and below it the fields that differ.
    func lines(_ item: ComparisonItem) -> [String] {
        let (sign, shown) = mark(item.difference)
        if let ends {
            let from = shown("\(sign) \(ends.from.printable)") + style.dim(versions(item.fromVersion, nil))
            return [from + " → " + shown(ends.to.printable) + style.dim(versions(nil, item.toVersion))] + fields(item.fields)
        }
        let head = shown("\(sign) \(item.name.printable)") + style.dim(versions(item.fromVersion, item.toVersion))
        return [head] + fields(item.fields)
    }

    /// One step of a copy.
    func lines(_ line: CopyResult.Line) -> [String] {
        let step = line.step
        let (word, shown): (String, (String) -> String) =
            switch step.kind {
            case .create: ("create", style.green)
            case .overwrite: ("overwrite", style.yellow)
            case .undelete: ("undelete", style.green)
            case .delete: ("delete", style.red)
            case .keep: ("keep", style.dim)
            case .blocked: ("blocked", style.red)
            }
        let head = shown(word) + String(repeating: " ", count: 10 - word.count) + step.name.printable
        return [head + style.dim(versions(step.toVersion, step.fromVersion))] + fields(line.fields)
    }

    private func fields(_ fields: [FieldDifference]) -> [String] {
        fields.filter { $0.difference != .same }.map { field in
            let (sign, shown) = mark(field.difference)
            let parts = [field.from, field.to].compactMap { $0.map { shortened($0.printable) } }
            let isAlike = field.from == field.to
            return "    " + shown("\(sign) #\(field.name.printable)") + "  " + parts.joined(separator: " → ")
                + (isAlike ? style.dim("  (another value)") : "")
        }
    }

    private func mark(_ difference: Difference) -> (sign: String, shown: (String) -> String) {
        switch difference {
        case .added: ("+", style.green)
        case .removed: ("-", style.red)
        case .changed: ("~", style.yellow)
        case .same: ("=", style.dim)
        }
    }

    private func versions(_ from: Int64?, _ to: Int64?) -> String {
        switch (from, to) {
        case (let from?, let to?) where from != to: "  version \(from) → \(to)"
        case (let only?, _), (nil, let only?): "  version \(only)"
        case (nil, nil): ""
        }
    }

    private func shortened(_ text: String) -> String { text.count > 60 ? String(text.prefix(60)) + "…" : text }
}
