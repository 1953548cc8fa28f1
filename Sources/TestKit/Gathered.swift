import Synchronization

/// Collects what concurrent code hands over.
package final class Gathered<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])

    package init() {}

    package func add(_ element: Element) { elements.withLock { $0.append(element) } }
    package func add(_ more: [Element]) { elements.withLock { $0 += more } }

    /// What came so far, in the order it came.
    package var all: [Element] { elements.withLock { $0 } }
}
