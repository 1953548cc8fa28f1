/// The user and password of `Authorization: Basic` (RFC 7617).
package struct BasicPair: Equatable {
    package var user: [UInt8]
    package var password: [UInt8]

    /// Nil unless the text is base64, padded or not, of bytes with a colon among them.
    package init?(base64 text: ArraySlice<UInt8>) {
        guard let bytes = Base64Text.decoded(text), let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        user = Array(bytes[..<colon])
        password = Array(bytes[(colon + 1)...])
    }
}
