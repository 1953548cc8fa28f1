import TacitWire

/// One act as the list shows it: an intent and its outcome are two entries, and one row.
struct AuditRow {
    let item: AuditItem
    /// How a release ended; nil when its outcome is not on this page.
    private var outcome: String?

    init(_ item: AuditItem) { self.item = item }

    static func rows(_ items: [AuditItem]) -> [AuditRow] {
        var rows: [AuditRow] = []
        var places: [Int64: Int] = [:]
        for item in items {
            if let match = item.phase?.wholeMatch(of: #/outcome of ([0-9]+): (.*)/#), let index = Int64(match.1), let place = places[index] {
                rows[place].outcome = String(match.2)
                continue
            }
            if item.phase == "intent" { places[item.index] = rows.count }
            rows.append(AuditRow(item))
        }
        return rows
    }

    /// What the act was about, shortened when it was about many.
    var about: String {
        guard item.subjects.count > 3 else { return item.subjects.joined(separator: ", ").printable }
        return item.subjects.prefix(2).joined(separator: ", ").printable + " and \(item.subjects.count - 2) more"
    }

    var result: String {
        var text = item.decision == "allow" ? outcome ?? item.phase ?? "done" : refusal
        if let repeated = item.repeated { text += " ×\(repeated)" }
        return text.printable
    }

    /// A person who asked for what is not there, as `tacit set` does first, was denied nothing.
    private var refusal: String {
        guard let code = item.details["code"] else { return "denied" }
        return item.actor.hasPrefix("person ") && code.hasSuffix(".not-found") ? "not found" : "denied (\(code))"
    }

    /// The act in one line, for a view that goes on.
    func line(_ style: Style, now: Int64) -> String {
        let place = style.dim("\(item.index)  \(RelativeTime.stamp(item.time, now: now))")
        let facts = [item.actor.printable, "by \(item.source)".printable, style.bold(item.action.printable), about].filter { !$0.isEmpty }
        return ([place] + facts + [item.decision == "allow" ? result : style.red(result)]).joined(separator: "  ")
    }
}
