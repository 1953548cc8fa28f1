import Foundation

/// Ways to write bytes, by Foundation where it has them.
enum Spellings {
    static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    static func base64URL(_ bytes: [UInt8]) -> String {
        base64(bytes).replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    static func hex(_ bytes: [UInt8], upper: Bool = false) -> [String] {
        bytes.map { String(format: upper ? "%02X" : "%02x", $0) }
    }

    static func percent(_ bytes: [UInt8], upper: Bool = true, keeping kept: String = "") -> String {
        bytes.map { kept.utf8.contains($0) ? String(UnicodeScalar($0)) : "%" + hex([$0], upper: upper)[0] }.joined()
    }

    static func wrapped(_ text: String, at column: Int, with lineEnd: String) -> String {
        stride(from: 0, to: text.utf8.count, by: column).map { String(decoding: Array(text.utf8).dropFirst($0).prefix(column), as: UTF8.self) }
            .joined(separator: lineEnd)
    }

    /// As XML has it: signs by name, everything beyond ASCII by number.
    static func entities(_ bytes: [UInt8]) -> String {
        let names: [Unicode.Scalar: String] = ["&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&quot;", "'": "&#39;"]
        return String(decoding: bytes, as: UTF8.self).unicodeScalars.map { names[$0] ?? ($0.isASCII ? String($0) : "&#\($0.value);") }.joined()
    }

    /// With soft breaks at column 76.
    static func quotedPrintable(_ bytes: [UInt8]) -> String {
        var (text, column) = ("", 0)
        for byte in bytes {
            let character = byte >= 0x21 && byte < 0x7f && byte != 0x3d ? String(UnicodeScalar(byte)) : "=" + hex([byte], upper: true)[0]
            if column + character.count > 75 {
                text += "=\r\n"
                column = 0
            }
            text += character
            column += character.count
        }
        return text
    }

    static let unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

    /// Pieces of every spelling of the values, whole or cut, with things between them that may or may not fit.
    static func randomText(of values: [[UInt8]], using generator: inout SeededGenerator) -> [UInt8] {
        var text: [UInt8] = []
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
            let value = values.randomElement(using: &generator) ?? []
            let pad = [UInt8](repeating: 0x78, count: Int.random(in: 0...3, using: &generator))
            var piece: [UInt8] =
                switch Int.random(in: 0..<9, using: &generator) {
                case 0: value
                case 1: Array(base64(pad + value + pad).utf8)
                case 2:
                    Array(
                        wrapped(
                            base64(pad + value), at: .random(in: 1...9, using: &generator),
                            with: ["\n", "\r\n", "\\n", "\n  "].randomElement(using: &generator) ?? ""
                        ).utf8)
                case 3: Array(base64URL(pad + value + pad).utf8)
                case 4:
                    Array(
                        hex(value, upper: half(&generator)).joined(
                            separator: ["", ":", " ", ", ", "\\x", ", 0x", "\n"].randomElement(using: &generator) ?? ""
                        ).utf8)
                case 5: Array(percent(value, upper: half(&generator), keeping: half(&generator) ? unreserved : "").utf8)
                case 6: Array(percent(value, keeping: unreserved + " ").replacing(" ", with: "+").utf8)
                case 7: Array((try? JSONEncoder().encode(String(decoding: value, as: UTF8.self))) ?? Data()).dropFirst().dropLast().map { $0 }
                default: value.flatMap { half(&generator) && $0 < 128 ? Array("\\u00\(hex([$0])[0])".utf8) : [$0] }
                }
            if Int.random(in: 0..<4, using: &generator) == 0 { piece = Array(piece.prefix(Int.random(in: 0...piece.count, using: &generator))) }
            text += piece
            text += [[], [10], [32], Array("=".utf8), Array("\\".utf8), Array("%".utf8), Array("Y".utf8)].randomElement(using: &generator) ?? []
        }
        return text
    }

    private static func half(_ generator: inout SeededGenerator) -> Bool { Bool.random(using: &generator) }
}
