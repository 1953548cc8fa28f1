import Foundation
import Model
import PlaintextDoor
import Testing

@Suite("Secret values")
struct SecretValueTests {
    private let marker = "CANARY-value-3b9a"

    private struct Holder {
        let name = "api-key"
        let value: SecretValue
    }

    private func value(_ text: String) -> SecretValue {
        var bytes = Array(text.utf8)
        return SecretValue(moving: &bytes)
    }

    @Test("it prints <redacted> whoever prints it")
    func printing() {
        let value = value(marker)
        var dumped = ""
        dump(value, to: &dumped)
        dump(Holder(value: value), to: &dumped)
        dump([value as Any, ["k": value]], to: &dumped)
        let texts = [
            "\(value)", String(describing: value), String(reflecting: value), "\([value])", "\(["k": value])", "\(Optional(value) as Any)",
            "\(Holder(value: value))", String(reflecting: Holder(value: value)), String(format: "%@", "\(value)"), dumped,
        ]
        for text in texts { #expect(text.contains("<redacted>") && !text.contains("CANARY")) }
    }

    @Test("its mirror is empty, and nothing encodes it")
    func mirror() {
        let value = value(marker)
        #expect(Mirror(reflecting: value).children.isEmpty && Mirror(reflecting: value).superclassMirror == nil)
        #expect(!((value as Any) is any Encodable) && !((value as Any) is any Decodable))
        #expect(!((value as Any) is any Hashable), "a hash would be a stored derivative")
        #expect(!JSONSerialization.isValidJSONObject([value]))
    }

    @Test("a moved source is emptied, a copied one is left")
    func sources() {
        var moved = Array(marker.utf8)
        let value = SecretValue(moving: &moved)
        #expect(moved.isEmpty && value.bytes == Array(marker.utf8))
        let copied = Array(marker.utf8)
        #expect(SecretValue(copied) == value && copied.count == marker.utf8.count)
    }

    @Test("wiping a buffer leaves zeros, and wiping an array empties it")
    func wiping() {
        var bytes = Array(marker.utf8)
        unsafe bytes.withUnsafeMutableBytes { unsafe $0.wipe() }
        #expect(bytes == Array(repeating: 0, count: marker.utf8.count))
        bytes.reserveCapacity(200)
        bytes.wipe()
        #expect(bytes.isEmpty)
        unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0).wipe()
    }

    @Test("a value filled in place has as many bytes as were written")
    func filling() {
        let value = unsafe SecretValue(capacity: 100) { buffer in
            unsafe buffer.copyBytes(from: marker.utf8)
            return marker.utf8.count
        }
        #expect(value.byteCount == marker.utf8.count && value.bytes == Array(marker.utf8))
    }

    @Test("values are equal when every byte is")
    func equality() {
        #expect(value("") == value("") && value(marker) == value(marker))
        #expect(value(marker) != value(marker + "x") && value(marker) != value("") && value("a") != value("b"))
        let same = value(marker)
        #expect(same == same)
    }

    @Test("a difference at any place, in any bit, is found")
    func everyBit() {
        let original = Array(marker.utf8)
        let left = SecretValue(original)
        for place in original.indices {
            for bit in 0..<8 {
                var bytes = original
                bytes[place] ^= 1 << bit
                #expect(SecretValue(moving: &bytes) != left, "byte \(place), bit \(bit)")
            }
        }
    }

    @Test("bytes that are no text go through unchanged")
    func binary() {
        let all = (UInt8.min...UInt8.max).map(\.self)
        #expect(SecretValue(all).bytes == all)
    }

    @Test("what the body throws comes out as it is")
    func throwing() {
        struct Stop: Error, Equatable {}
        #expect(throws: Stop()) { try value(marker).withPlaintext(PlaintextDoor()) { (_: RawSpan) throws(Stop) in throw Stop() } }
    }
}
