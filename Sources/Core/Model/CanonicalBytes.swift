/// Writes the one byte form of a record: every part length-prefixed or fixed, all integers big-endian, so that no two records share a form.
package struct CanonicalWriter: Sendable {
    package private(set) var bytes: [UInt8]

    package init(capacity: Int = 256) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// Goes on behind what was written before.
    package init(behind written: some Collection<UInt8>, capacity: Int) {
        self.init(capacity: capacity)
        bytes.append(contentsOf: written)
    }

    /// Writes one byte.
    package mutating func write(byte: UInt8) { bytes.append(byte) }

    /// Writes an integer in eight bytes.
    package mutating func write(_ value: Int64) {
        unsafe withUnsafeBytes(of: value.bigEndian) { unsafe bytes.append(contentsOf: $0) }
    }

    /// Writes an integer in eight bytes.
    package mutating func write(_ value: Int) { write(Int64(value)) }

    /// Writes bytes behind their length in four bytes.
    package mutating func write(_ value: [UInt8]) {
        unsafe withUnsafeBytes(of: UInt32(value.count).bigEndian) { unsafe bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: value)
    }

    /// Writes bytes behind their length in four bytes.
    package mutating func write(_ value: some Collection<UInt8>) {
        unsafe withUnsafeBytes(of: UInt32(value.count).bigEndian) { unsafe bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: value)
    }

    /// Writes a text as its UTF-8 bytes.
    package mutating func write(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            unsafe withUnsafeBytes(of: UInt32(utf8.count).bigEndian) { unsafe bytes.append(contentsOf: $0) }
            unsafe bytes.append(contentsOf: utf8)
        }
    }

    /// Writes an id in its sixteen bytes.
    package mutating func write(_ id: RecordID<some Any>) {
        unsafe withUnsafeBytes(of: id.high.bigEndian) { unsafe bytes.append(contentsOf: $0) }
        unsafe withUnsafeBytes(of: id.low.bigEndian) { unsafe bytes.append(contentsOf: $0) }
    }

    /// Writes a moment in eight bytes.
    package mutating func write(_ time: Timestamp) { write(time.nanoseconds) }

    /// Writes 1 and the value, or 0 for nil.
    @inlinable @inline(__always)
    package mutating func write<Value>(optional value: Value?, _ body: (inout CanonicalWriter, Value) -> Void) {
        write(byte: value == nil ? 0 : 1)
        if let value { body(&self, value) }
    }

    /// As the other, of what it writes itself. Each of these is code for its one type, wherever it is called from.
    package mutating func write(optional value: Int64?) { write(optional: value) { $0.write($1) } }

    package mutating func write(optional value: Int?) { write(optional: value) { $0.write($1) } }

    package mutating func write(optional value: [UInt8]?) { write(optional: value) { $0.write($1) } }

    package mutating func write(optional text: String?) { write(optional: text) { $0.write($1) } }

    package mutating func write(optional id: RecordID<some Any>?) { write(optional: id) { $0.write($1) } }

    package mutating func write(optional time: Timestamp?) { write(optional: time) { $0.write($1) } }

    /// Writes a count in eight bytes, then each element.
    @inlinable
    package mutating func write<Element>(list: some Collection<Element>, _ body: (inout CanonicalWriter, Element) -> Void) {
        write(list.count)
        for element in list { body(&self, element) }
    }
}

/// Reads what `CanonicalWriter` wrote. Anything cut, oversized or left over is an error; nothing is allotted before its length is checked.
package struct CanonicalReader: Sendable {
    private let bytes: [UInt8]
    /// How many bytes were read.
    package private(set) var position = 0

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package mutating func byte() throws(CanonicalError) -> UInt8 {
        guard position < bytes.count else { throw .cut }
        defer { position += 1 }
        return bytes[position]
    }

    package mutating func int64() throws(CanonicalError) -> Int64 { Int64(bigEndian: try integer()) }

    package mutating func int() throws(CanonicalError) -> Int { Int(try int64()) }

    package mutating func data() throws(CanonicalError) -> [UInt8] {
        let length = Int(UInt32(bigEndian: try integer()))
        guard bytes.count - position >= length else { throw .cut }
        defer { position += length }
        return Array(bytes[position..<(position + length)])
    }

    package mutating func text() throws(CanonicalError) -> String {
        guard let text = String(validating: try data(), as: UTF8.self) else { throw .malformed }
        return text
    }

    package mutating func id<Kind>(_ kind: Kind.Type = Kind.self) throws(CanonicalError) -> RecordID<Kind> {
        guard bytes.count - position >= RecordID<Kind>.byteCount else { throw .cut }
        return RecordID(high: UInt64(bigEndian: try integer()), low: UInt64(bigEndian: try integer()))
    }

    package mutating func timestamp() throws(CanonicalError) -> Timestamp { Timestamp(nanoseconds: try int64()) }

    @inlinable
    package mutating func optional<Value>(_ body: (inout CanonicalReader) throws(CanonicalError) -> Value) throws(CanonicalError) -> Value? {
        switch try byte() {
        case 0: nil
        case 1: try body(&self)
        default: throw .malformed
        }
    }

    package mutating func list<Element>(_ body: (inout CanonicalReader) throws(CanonicalError) -> Element) throws(CanonicalError) -> [Element] {
        let count = try int()
        guard count >= 0, count <= bytes.count - position else { throw .cut }
        var elements: [Element] = []
        for _ in 0..<count { elements.append(try body(&self)) }
        return elements
    }

    /// Checks that nothing is left over.
    package func finish() throws(CanonicalError) {
        guard position == bytes.count else { throw .leftOver }
    }

    /// Takes an integer's bytes as they lie.
    private mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>() throws(CanonicalError) -> Value {
        let size = MemoryLayout<Value>.size
        guard bytes.count - position >= size else { throw .cut }
        defer { position += size }
        return unsafe bytes.span.bytes.unsafeLoadUnaligned(fromByteOffset: position, as: Value.self)
    }
}

/// Why bytes are not the canonical form of a record.
package enum CanonicalError: Diagnosable, Equatable {
    case cut
    case leftOver
    case malformed

    package var code: String { "record.malformed" }
    package var message: String { "a stored record is not in the form it was written in" }
}
