/// A text with references in it, `{{ tacit://PROJECT/ENVIRONMENT/NAME#FIELD }}`, where values are put. It may be of any bytes.
///
/// Other text in double braces is left as it is: templates of other tools pass through.
package struct InjectionTemplate: Sendable, Equatable {
    package enum Part: Sendable, Equatable {
        case text([UInt8])
        case reference(String)
    }

    package private(set) var parts: [Part] = []

    /// The largest template: 4 MiB.
    package static let largest = 4 << 20

    /// Finds the references; one that is begun must be whole.
    package init(_ bytes: [UInt8]) throws(FormatError) {
        var line = 1
        var text: [UInt8] = []
        var rest = bytes[...]
        while let first = rest.first {
            guard let inner = Self.opening(rest) else {
                if first == 0x0A { line += 1 }
                text.append(first)
                rest = rest.dropFirst()
                continue
            }
            guard let (reference, after) = Self.reference(inner) else {
                throw FormatError(
                    "template.reference", "what stands in these braces is no reference", hint: "write {{ tacit://PROJECT/ENVIRONMENT/NAME#FIELD }}",
                    at: FilePosition(line: line))
            }
            if !text.isEmpty { parts.append(.text(text)) }
            text = []
            parts.append(.reference(reference))
            rest = after
        }
        if !text.isEmpty { parts.append(.text(text)) }
    }

    /// The references, each once, in order.
    package var references: [String] {
        parts.reduce(into: []) { found, part in if case .reference(let text) = part, !found.contains(text) { found.append(text) } }
    }

    /// What follows `{{`, where a reference begins there.
    private static func opening(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard bytes.starts(with: "{{".utf8) else { return nil }
        let inner = bytes.dropFirst(2).drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        return inner.starts(with: "tacit://".utf8) ? inner : nil
    }

    private static func reference(_ bytes: ArraySlice<UInt8>) -> (String, after: ArraySlice<UInt8>)? {
        let word = bytes.prefix { ![UInt8(ascii: " "), UInt8(ascii: "\t"), 0x0A, 0x0D, UInt8(ascii: "}")].contains($0) }
        let rest = bytes[word.endIndex...].drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        guard let text = String(validating: word, as: UTF8.self), NameShape.isReference(text), rest.starts(with: "}}".utf8) else { return nil }
        return (text, rest.dropFirst(2))
    }
}
