import Dispatch
import Synchronization

/// Writes lines in the order they were given, on a thread of its own, so that a host that does not read delays nobody but itself.
final class LineWriter: Sendable {
    /// More waiting bytes than this, and reading waits too.
    static let comfortableBacklog = 16 << 20

    private let pipe: StdioPipe
    private let queue = DispatchQueue(label: "mcp.output")
    private let backlog = Atomic(0)
    private let isBroken = Atomic(false)

    init(_ pipe: StdioPipe) { self.pipe = pipe }

    func write(_ line: [UInt8]) {
        backlog.add(line.count, ordering: .relaxed)
        queue.async { [self] in
            if !isBroken.load(ordering: .relaxed), !pipe.write(line) { isBroken.store(true, ordering: .relaxed) }
            backlog.subtract(line.count, ordering: .relaxed)
        }
    }

    /// Waits until all is written, if much is waiting.
    func relieve() {
        if backlog.load(ordering: .relaxed) > Self.comfortableBacklog { flush() }
    }

    /// Waits until all is written.
    func flush() { queue.sync {} }
}
