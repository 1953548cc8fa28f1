/// Content that was searched and is kept back all the same: it goes on a fixed distance behind what came. What a service has of it must not tell how much looked
/// like the beginning of a value.
struct ContentDelay: Sendable {
    /// What came and has not gone on.
    private(set) var content: [UInt8] = []
    /// How much of its beginning the search let go.
    var settled = 0

    static let distance = 64 << 10

    /// So much more came, and the search let go so much more.
    mutating func receive(_ bytes: [UInt8], settling count: Int) {
        content += bytes
        settled += count
    }

    /// What may go on by now.
    mutating func takeDue() -> [UInt8] {
        let count = min(settled, max(0, content.count - Self.distance))
        let due = Array(content.prefix(count))
        content.removeFirst(count)
        settled -= count
        return due
    }

    /// All that the search let go: the content is whole. What comes next is counted anew.
    mutating func flush() -> [UInt8] {
        defer { self = ContentDelay() }
        return Array(content.prefix(settled))
    }
}
