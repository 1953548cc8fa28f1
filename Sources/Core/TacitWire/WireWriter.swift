/// Writes the members of one JSON object, where the general encoder would take longer than all the rest of an answer.
///
/// What is written with it is held against `WireJSON` by the tests.
public struct WireWriter {
    public private(set) var bytes: [UInt8] = []
    private var isFirst = true

    /// Makes a writer; `capacity` is the number of bytes that are expected.
    public init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    /// One member with the value that `value` writes.
    public mutating func member(_ name: String, _ value: (inout Self) -> Void) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        text(name)
        bytes.append(UInt8(ascii: ":"))
        value(&self)
        isFirst = false
    }

    /// A member that is left out when it is nil.
    public mutating func optional(_ name: String, _ value: String?) {
        if let value { member(name) { $0.text(value) } }
    }

    /// A member that is a number or a truth value.
    public mutating func raw(_ name: String, _ value: some CustomStringConvertible) {
        member(name) { $0.raw(value) }
    }

    /// A value: a number or a truth value.
    public mutating func raw(_ value: some CustomStringConvertible) { bytes += value.description.utf8 }

    /// A value: an object.
    public mutating func object(_ members: (inout Self) -> Void) {
        bytes.append(UInt8(ascii: "{"))
        isFirst = true
        members(&self)
        bytes.append(UInt8(ascii: "}"))
    }

    /// A value: a list.
    public mutating func list<Element>(_ elements: [Element], _ write: (inout Self, Element) -> Void) {
        bytes.append(UInt8(ascii: "["))
        for (index, element) in elements.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            write(&self, element)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// A value: a text.
    public mutating func text(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
            bytes += text.utf8
        } else {
            escaped(text)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escaped(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                bytes += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: bytes.append(byte)
            }
        }
    }
}
