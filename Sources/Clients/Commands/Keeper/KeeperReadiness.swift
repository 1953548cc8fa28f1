import Glibc

/// How a keeper tells the command that started it that it listens: one byte on a pipe. Anything else it writes there is why it cannot.
package struct KeeperReadiness: Sendable, Equatable {
    /// The descriptor on which a keeper finds the pipe.
    package static let usualDescriptor: Int32 = 3
    /// Says: the keeper listens.
    static let ready: UInt8 = 0x06

    let descriptor: Int32

    package init(descriptor: Int32 = Self.usualDescriptor) { self.descriptor = descriptor }

    /// The keeper listens. The pipe is closed.
    package func announce() {
        Console.write([Self.ready], to: descriptor)
        close(descriptor)
    }

    /// The keeper cannot: a sentence and, where there is one, the next step. The pipe is closed.
    package func fail(_ message: String, hint: String? = nil) {
        Console.write(Array(([message] + (hint.map { [$0] } ?? [])).joined(separator: "\n").utf8), to: descriptor)
        close(descriptor)
    }

    /// What a keeper wrote, read by the command: nil when it listens.
    static func failure(in text: [UInt8]) -> CommandFailure? {
        if text.first == ready { return nil }
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n", maxSplits: 1).map { String($0).printable }
        guard let message = lines.first else {
            return CommandFailure(
                "the keeper ended before it listened", hint: "run `tacit keeper` to see why; `tacit doctor` checks this machine",
                code: "keeper.ended")
        }
        return CommandFailure(message, hint: lines.count > 1 ? lines[1] : nil, code: "keeper.failed")
    }
}
