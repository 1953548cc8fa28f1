import CProcess
import Glibc
import Model
import PlaintextDoor

/// Texts as C takes them: an array of pointers that ends with NULL. Their bytes are overwritten when the last holder lets go.
@safe
final class CStrings {
    /// One text: plain, or plain with a value behind it.
    enum Part {
        case text(String)
        case valued(String, SecretValue)

        var byteCount: Int {
            switch self {
            case .text(let text): text.utf8.count
            case .valued(let text, let value): text.utf8.count + value.byteCount
            }
        }
    }

    nonisolated(unsafe) let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private nonisolated(unsafe) let storage: UnsafeMutableRawBufferPointer
    /// How many texts there are.
    let count: Int
    /// How long they are together, each with its zero byte.
    var byteCount: Int { unsafe storage.count - 1 }

    convenience init(_ texts: [String]) { self.init(texts.map { .text($0) }) }

    init(_ parts: [Part]) {
        count = parts.count
        unsafe storage = .allocate(byteCount: parts.reduce(0) { $0 + $1.byteCount + 1 } + 1, alignment: 1)
        unsafe pointers = .allocate(capacity: parts.count + 1)
        var offset = 0
        for (index, part) in parts.enumerated() {
            let start = unsafe storage.baseAddress.map { unsafe ($0 + offset).assumingMemoryBound(to: CChar.self) }
            unsafe (pointers + index).initialize(to: start)
            offset += write(part, at: offset)
        }
        unsafe (pointers + parts.count).initialize(to: nil)
    }

    deinit {
        if let start = unsafe storage.baseAddress { unsafe explicit_bzero(start, storage.count) }
        unsafe pointers.deinitialize(count: count + 1)
        unsafe pointers.deallocate()
        unsafe storage.deallocate()
    }

    /// Lends the pointers as C's `const char *const []`.
    func withConstantPointers<Result>(_ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result) -> Result {
        unsafe body(UnsafeRawPointer(pointers).assumingMemoryBound(to: UnsafePointer<CChar>?.self))
    }

    /// Sends the texts as they lie, one behind the other.
    func send(on channel: SetupChannel) throws(RunnerError) {
        try unsafe channel.sendRaw(UnsafeRawBufferPointer(rebasing: storage[..<byteCount]).bytes)
    }

    private func write(_ part: Part, at start: Int) -> Int {
        var offset = start
        func copy(_ text: String) {
            var text = text
            text.withUTF8 { unsafe UnsafeMutableRawBufferPointer(rebasing: storage[offset...]).copyMemory(from: UnsafeRawBufferPointer($0)) }
            offset += text.utf8.count
        }
        switch part {
        case .text(let text): copy(text)
        case .valued(let text, let value):
            copy(text)
            value.withPlaintext(PlaintextDoor()) { bytes in
                unsafe bytes.withUnsafeBytes { unsafe UnsafeMutableRawBufferPointer(rebasing: storage[offset...]).copyMemory(from: $0) }
            }
            offset += value.byteCount
        }
        unsafe storage[offset] = 0
        return offset + 1 - start
    }
}
