import Model
import PlaintextDoor

/// What stands in a session file, made in one piece of locked memory.
enum SessionFileText {
    /// The largest file: 4 MiB.
    static let largest = 4 << 20

    /// The whole text. Bytes that are no text, or that the format cannot hold, are refused by the name of their variable.
    static func make(_ items: [SessionFileDraft.Item], as format: SessionFileDraft.Format) throws(SessionFileError) -> SecretValue {
        let room = items.reduce(16) { $0 + $1.variable.utf8.count + 8 + 6 * $1.content.byteCount }
        guard items.reduce(0, { $0 + $1.content.byteCount }) <= largest else { throw .tooLarge }
        return try unsafe SecretValue(capacity: room) { target throws(SessionFileError) in
            var sheet = unsafe Sheet(target)
            try sheet.write(items, as: format)
            return sheet.count
        }
    }
}

extension SessionFileDraft.Content {
    fileprivate var byteCount: Int {
        switch self {
        case .value(let value): value.byteCount
        case .reference(let text), .text(let text): text.utf8.count
        }
    }
}

/// Writes into a buffer that is as large as the longest spelling of everything.
@safe
private struct Sheet {
    private let target: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(_ target: UnsafeMutableRawBufferPointer) { unsafe self.target = target }

    mutating func write(_ items: [SessionFileDraft.Item], as format: SessionFileDraft.Format) throws(SessionFileError) {
        if format == .json { put("{".utf8) }
        for (index, item) in items.enumerated() {
            let separator = format == .dotenv ? "=" : "\": "
            put((format == .dotenv ? item.variable : (index == 0 ? "\n  \"" : ",\n  \"") + item.variable).utf8)
            put(separator.utf8)
            switch item.content {
            case .reference(let text): put("\"\(text)\"".utf8)
            case .text(let text):
                var text = text
                let fits = text.withUTF8 { unsafe put(value: UnsafeRawBufferPointer($0), as: format) }
                guard fits else { throw .notText(variable: item.variable) }
            case .value(let value):
                let fits = value.withPlaintext(PlaintextDoor()) { bytes in unsafe bytes.withUnsafeBytes { unsafe put(value: $0, as: format) } }
                guard fits else { throw .notText(variable: item.variable) }
            }
            if format == .dotenv { put("\n".utf8) }
        }
        if format == .json { put("\n}\n".utf8) }
    }

    private mutating func put(_ bytes: some Sequence<UInt8>) {
        for byte in bytes {
            unsafe target[count] = byte
            count += 1
        }
    }

    /// False for bytes that are no text, or have a zero byte.
    private mutating func put(value bytes: UnsafeRawBufferPointer, as format: SessionFileDraft.Format) -> Bool {
        guard unsafe isText(bytes) else { return false }
        put("\"".utf8)
        for index in 0..<bytes.count {
            let byte = unsafe bytes[index]
            switch (byte, format) {
            case (UInt8(ascii: "\""), _), (UInt8(ascii: "\\"), _): put([UInt8(ascii: "\\"), byte])
            case (0x0A, _): put("\\n".utf8)
            case (0x0D, _): put("\\r".utf8)
            case (0x09, _): put("\\t".utf8)
            // A shell that sources the file must not expand them.
            case (UInt8(ascii: "$"), .dotenv), (UInt8(ascii: "`"), .dotenv): put([UInt8(ascii: "\\"), byte])
            case (0..<0x20, .json):
                let digits = Array("0123456789abcdef".utf8)
                put("\\u00".utf8)
                put([digits[Int(byte >> 4)], digits[Int(byte & 15)]])
            default: put([byte])
            }
        }
        put("\"".utf8)
        return true
    }

    /// Whether bytes are UTF-8 without a zero byte. Decoding to a text of the library's would leave a copy.
    private func isText(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var decoder = UTF8()
        var iterator = unsafe bytes.makeIterator()
        while true {
            switch unsafe decoder.decode(&iterator) {
            case .scalarValue("\0"), .error: return false
            case .scalarValue: continue
            case .emptyInput: return true
            }
        }
    }
}

/// Why a session file cannot be made.
package enum SessionFileError: Diagnosable, Equatable {
    case noDirectory(String)
    case loose(String)
    case notWritten
    case tooLarge
    case notText(variable: String)
    case variable(InjectionError)

    package var code: String {
        switch self {
        case .noDirectory, .loose, .notWritten: "file.unusable"
        case .tooLarge: "file.too-large"
        case .notText: "file.not-text"
        case .variable(let error): error.code
        }
    }

    package var message: String {
        switch self {
        case .noDirectory(let path): "\(path) cannot be used as the directory of session files"
        case .loose(let path): "\(path) is not yours alone"
        case .notWritten: "the session file could not be written"
        case .tooLarge: "a session file holds at most 4 MiB"
        case .notText(let variable): "the value for \(variable) is no text, which such a file cannot hold"
        case .variable(let error): error.message
        }
    }

    package var hint: String? {
        switch self {
        case .noDirectory, .notWritten: "check the space and permissions of the runtime directory"
        case .loose(let path): "chmod 700 \(path), and make sure that you own it"
        case .tooLarge: "ask for fewer secrets in one file"
        case .notText: "have the person write it with `tacit inject`"
        case .variable(let error): error.hint
        }
    }
}
