import Glibc
import Model
import PlaintextDoor
import TacitWire

/// What waits to be written to the child. It never holds more than the credit that was given for it.
struct InputQueue {
    /// Nil when nobody reads any more, or everything was written.
    private(set) var descriptor: Int32?
    private var pending: [UInt8] = []
    private var offset = 0
    private var secret: SecretValue?
    /// What goes before and after the value.
    private var text: (before: [UInt8], after: [UInt8]) = ([], [])
    private var isEnded = false
    /// Credit to be given back to the client.
    private(set) var owedCredit = 0

    init(_ descriptor: Int32?) { self.descriptor = descriptor }

    /// Sends a value between its text, and then the end: whatever the client sends is dropped.
    mutating func send(only value: SecretValue, in text: InputText) {
        secret = value
        self.text = (Array(text.before.utf8), Array(text.after.utf8))
        isEnded = true
    }

    /// Takes bytes of the client; false when they are more than it had credit for.
    mutating func append(_ bytes: [UInt8]) -> Bool {
        guard descriptor != nil, !isEnded else {
            owedCredit += bytes.count
            return bytes.count <= RunFrame.initialCredit
        }
        if offset == pending.count {
            pending.removeAll(keepingCapacity: true)
            offset = 0
        }
        pending += bytes
        return pending.count - offset <= RunFrame.initialCredit
    }

    /// Closes the stream as soon as everything is written.
    mutating func end() { isEnded = true }

    var hasWork: Bool { descriptor != nil && (secret != nil || offset < pending.count || isEnded) }

    /// Writes as much as the child takes now.
    mutating func write() {
        guard let descriptor else { return }
        if let secret {
            guard let written = write(secret, to: descriptor) else { return close() }
            offset += written
            guard offset == text.before.count + secret.byteCount + text.after.count else { return }
            (self.secret, text, offset) = (nil, ([], []), 0)
        } else {
            let written = unsafe pending.withUnsafeBytes { unsafe Self.write([$0], from: offset, to: descriptor) }
            guard let written else { return close() }
            offset += written
            owedCredit += written
        }
        if isEnded, secret == nil, offset == pending.count { close() }
    }

    /// The credit to give back now.
    mutating func takeCredit() -> Int {
        defer { owedCredit = 0 }
        return owedCredit
    }

    /// Drops what is left and closes the stream.
    mutating func close() {
        if let descriptor { Glibc.close(descriptor) }
        owedCredit += secret == nil ? pending.count - offset : 0
        (descriptor, secret, text, pending, offset) = (nil, nil, ([], []), [], 0)
    }

    /// Writes from the locked memory itself, text and value in one call: nothing is put together, and a program that reads once has it whole.
    private func write(_ secret: SecretValue, to descriptor: Int32) -> Int? {
        secret.withPlaintext(PlaintextDoor()) { bytes in
            unsafe bytes.withUnsafeBytes { value in
                unsafe text.before.withUnsafeBytes { before in
                    unsafe text.after.withUnsafeBytes { unsafe Self.write([before, value, $0], from: offset, to: descriptor) }
                }
            }
        }
    }

    /// How many bytes of the parts were written, which are one behind the other; nil when nobody reads any more.
    private static func write(_ parts: [UnsafeRawBufferPointer], from offset: Int, to descriptor: Int32) -> Int? {
        var skipped = offset
        var left = unsafe [iovec]()
        for index in unsafe parts.indices {
            let part = unsafe parts[index]
            let start = min(skipped, part.count)
            skipped -= start
            guard start < part.count, let base = part.baseAddress else { continue }
            unsafe left.append(iovec(iov_base: UnsafeMutableRawPointer(mutating: base + start), iov_len: part.count - start))
        }
        guard unsafe !left.isEmpty else { return 0 }
        let count = unsafe writev(descriptor, left, Int32(left.count))
        if count >= 0 { return count }
        return errno == EAGAIN || errno == EINTR ? 0 : nil
    }
}
