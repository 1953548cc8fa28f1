import Brokering

/// What a program shows at a proxy to be let in: the session's own, in `Proxy-Authorization`.
struct DoorCredential: Sendable {
    private let bytes: [UInt8]

    init(_ text: String) { bytes = Array(text.utf8) }

    /// Whether the one credential of a head is the session's; compared without telling where they differ.
    func isShown(in head: ReceivedHead) -> Bool {
        let shown = head.fields.filter { $0.name.lowercased() == "proxy-authorization" }.map(\.value)
        let scheme = "basic ".utf8
        guard shown.count == 1, String(decoding: shown[0].prefix(scheme.count), as: UTF8.self).lowercased().utf8.elementsEqual(scheme),
            let pair = BasicPair(base64: shown[0].dropFirst(scheme.count)), pair.password.count == bytes.count
        else { return false }
        return zip(pair.password, bytes).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
