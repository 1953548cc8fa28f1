/// What may begin at one place of a text.
struct Hints: OptionSet {
    let rawValue: UInt16

    static let plain = Hints(rawValue: 1)
    static let utf16 = Hints(rawValue: 2)
    static let base64Skipping0 = Hints(rawValue: 4)
    static let base64Skipping2 = Hints(rawValue: 8)
    static let base64Skipping4 = Hints(rawValue: 16)
    static let hex = Hints(rawValue: 32)
    /// A member in a compressed format.
    static let member = Hints(rawValue: 128)
    /// A value too short to be told from four bytes.
    static let short = Hints(rawValue: 256)
    /// A value with escapes or gaps.
    static let escaped = Hints(rawValue: 512)

    static let base64: Hints = [.base64Skipping0, .base64Skipping2, .base64Skipping4]
    static let all = Hints(rawValue: 1023)

    /// The hints that a window leads to; `short` and `escaped` are not among them.
    init(window byte: UInt8) { self.init(rawValue: UInt16(byte)) }
    init(rawValue: UInt16) { self.rawValue = rawValue }
}
