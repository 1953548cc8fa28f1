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
    private var isEnded = false
    /// Credit to be given back to the client.
    private(set) var owedCredit = 0

    init(_ descriptor: Int32?) { self.descriptor = descriptor }

    /// Sends a value, and then the end: whatever the client sends is dropped.
    mutating func send(only value: SecretValue) {
        secret = value
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
            let written = secret.withPlaintext(PlaintextDoor()) { bytes in
                unsafe bytes.withUnsafeBytes { unsafe Self.write($0, from: offset, to: descriptor) }
            }
            guard let written else { return close() }
            offset += written
            guard offset == secret.byteCount else { return }
            (self.secret, offset) = (nil, 0)
        } else {
            let written = unsafe pending.withUnsafeBytes { unsafe Self.write($0, from: offset, to: descriptor) }
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
        (descriptor, secret, pending, offset) = (nil, nil, [], 0)
    }

    /// How many bytes were written; nil when nobody reads any more.
    private static func write(_ bytes: UnsafeRawBufferPointer, from offset: Int, to descriptor: Int32) -> Int? {
        guard offset < bytes.count else { return 0 }
        let count = unsafe Glibc.write(descriptor, bytes.baseAddress.map { unsafe $0 + offset }, bytes.count - offset)
        if count >= 0 { return count }
        return errno == EAGAIN || errno == EINTR ? 0 : nil
    }
}
