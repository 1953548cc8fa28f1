import Dispatch
import Glibc
import Synchronization
import TestKit

/// A Unix server that answers each connection with what a test says, byte for byte, and keeps what was asked.
final class ScriptedServer: Sendable {
    let path: String
    private let directory: TemporaryDirectory
    private let listener: Int32
    private let state = Mutex(State())

    private struct State {
        var asked: [[UInt8]] = []
        var open: [Int32] = []
    }

    /// What one connection does: reads until its input has `until`, then sends `pieces` with a breath between them.
    struct Turn: Sendable {
        var until: String
        var pieces: [String]

        init(until: String = "\r\n\r\n", _ pieces: String...) { (self.until, self.pieces) = (until, pieces) }
    }

    /// Serves one connection for each script, then closes it.
    init(_ scripts: [Turn]...) throws {
        directory = try TemporaryDirectory("tacit-client")
        path = directory.path("socket")
        listener = try UnixSocket.listener(at: path)
        DispatchQueue.global().async { [self] in
            for script in scripts { serve(script) }
        }
    }

    deinit { close(listener) }

    /// What the connections sent, in order.
    var asked: [String] { state.withLock { $0.asked.map { String(decoding: $0, as: UTF8.self) } } }

    private func serve(_ script: [Turn]) {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { return }
        var input: [UInt8] = []
        for turn in script {
            var seen: [UInt8] = []
            while !String(decoding: seen, as: UTF8.self).contains(turn.until) {
                var piece = [UInt8](repeating: 0, count: 64 << 10)
                let count = unsafe recv(connection, &piece, piece.count, 0)
                guard count > 0 else { break }
                seen += piece[..<count]
            }
            input += seen
            for (index, piece) in turn.pieces.enumerated() {
                if index > 0 { usleep(2000) }
                let bytes = Array(piece.utf8)
                _ = unsafe send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            }
        }
        close(connection)
        state.withLock { $0.asked.append(input) }
    }
}

/// Waits for a while until something is so.
func eventually(_ isSo: () -> Bool) -> Bool {
    for _ in 0..<3000 where !isSo() { usleep(1000) }
    return isSo()
}
