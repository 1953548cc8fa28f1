/// The word among `words` that was most likely meant; nil when none is near.
package func suggestion(for text: String, among words: [String]) -> String? {
    guard text.utf8.count <= 64 else { return nil }
    let given = text.lowercased().replacing("-", with: "_")
    let nearest = words.map { (word: $0, distance: editDistance(given, $0)) }.min { $0.distance < $1.distance }
    guard let nearest, nearest.distance <= max(1, nearest.word.utf8.count * 2 / 5) else { return nil }
    return nearest.word
}

/// How many insertions, deletions, replacements and swaps of neighbours make one text of the other (optimal string alignment).
private func editDistance(_ left: String, _ right: String) -> Int {
    let (left, right) = (Array(left.utf8), Array(right.utf8))
    var beforeLast = [Int]()
    var last = Array(0...right.count)
    for row in left.indices {
        var current = [row + 1]
        for column in right.indices {
            let replaced = last[column] + (left[row] == right[column] ? 0 : 1)
            var cost = min(replaced, last[column + 1] + 1, current[column] + 1)
            if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                cost = min(cost, beforeLast[column - 1] + 1)
            }
            current.append(cost)
        }
        (beforeLast, last) = (last, current)
    }
    return last[right.count]
}
