/// What changes between two texts, line by line: kept lines around a change begin with a space, others with `-` or `+`.
struct LineDifference {
    let lines: [String]

    /// How many kept lines are shown around a change.
    private static let context = 3

    init(from old: String, to new: String) {
        let (before, after) = (Self.split(old), Self.split(new))
        let difference = after.difference(from: before)
        let removed = Set(difference.removals.map(Self.offset))
        let inserted = Set(difference.insertions.map(Self.offset))
        var all: [String] = []
        var (left, right) = (0, 0)
        while left < before.count || right < after.count {
            if removed.contains(left) {
                all.append("-\(before[left])")
                left += 1
            } else if inserted.contains(right) {
                all.append("+\(after[right])")
                right += 1
            } else {
                all.append(" \(before[left])")
                (left, right) = (left + 1, right + 1)
            }
        }
        lines = Self.shortened(all)
    }

    private static func split(_ text: String) -> [Substring] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last == "" { lines.removeLast() }
        return lines
    }

    private static func offset(of change: CollectionDifference<Substring>.Change) -> Int {
        switch change {
        case .insert(let offset, _, _), .remove(let offset, _, _): offset
        }
    }

    /// Leaves out kept lines that are far from any change; `…` stands in their place.
    private static func shortened(_ lines: [String]) -> [String] {
        let changed = lines.indices.filter { !lines[$0].hasPrefix(" ") }
        var shown: Set<Int> = []
        for index in changed { shown.formUnion(max(0, index - context)...min(lines.count - 1, index + context)) }
        var result: [String] = []
        for index in lines.indices {
            if shown.contains(index) {
                result.append(lines[index])
            } else if result.last != "…", !changed.isEmpty {
                result.append("…")
            }
        }
        return result
    }
}
