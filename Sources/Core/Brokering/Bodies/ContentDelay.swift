/// Content that was searched and is kept back all the same: it goes on a fixed distance behind what came. What a service has of it must not tell how much looked
/// like the beginning of a value.
struct ContentDelay: Sendable {
    /// What the search let go, and has not gone on.
    var settled: [UInt8] = []
    /// How much came, and how much went on.
    private var (received, released) = (0, 0)

    static let distance = 64 << 10

    /// So much more came.
    mutating func receive(_ count: Int) { received += count }

    /// What may go on by now.
    mutating func takeDue() -> [UInt8] {
        let count = min(settled.count, max(0, received - Self.distance - released))
        let due = Array(settled.prefix(count))
        settled.removeFirst(count)
        released += count
        return due
    }

    /// All of it: the content is whole. What comes next is counted anew.
    mutating func flush() -> [UInt8] {
        defer { self = ContentDelay() }
        return settled
    }
}
