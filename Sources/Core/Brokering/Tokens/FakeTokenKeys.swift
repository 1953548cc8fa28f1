package import Envelopes
package import Model

/// Makes fake tokens and recognises them. Both keys come from the organization key; no token is stored.
package struct FakeTokenKeys: Sendable {
    private let making: MACKey
    private let index: MACKey

    /// Takes one key for making tokens and another one for looking them up (SPEC §2.3).
    package init(making: MACKey, index: MACKey) {
        self.making = making
        self.index = index
    }

    /// The token of a grant: the same whenever it is asked for (SPEC §14). Nil for a shape that could be guessed.
    package func token(of grant: GrantID, shaped shape: TokenShape) -> FakeToken? {
        Self.token(of: grant, shaped: shape, drawnFrom: making)
    }

    /// As `token`, from a key that makes tokens no more.
    package static func token(of grant: GrantID, shaped shape: TokenShape, drawnFrom making: MACKey) -> FakeToken? {
        guard shape.isStrong else { return nil }
        var draw = TokenDraw(key: making, grant: grant, shape: shape)
        return FakeToken(text: String(decoding: draw.bytes(of: shape.parts), as: UTF8.self))
    }

    /// What a grant is found by when something that could be its token is seen: a code over the token's bytes.
    package func lookup(of candidate: [UInt8]) -> [UInt8] { index.code(over: candidate) }
}

/// An endless row of characters that only the key, the grant and its shape determine.
struct TokenDraw {
    private let key: MACKey
    private let grant: GrantID
    private let shape: TokenShape
    private var counter: UInt32 = 0
    private var block: ArraySlice<UInt8> = []

    init(key: MACKey, grant: GrantID, shape: TokenShape) {
        self.key = key
        self.grant = grant
        self.shape = shape
    }

    mutating func bytes(of parts: [TokenPart]) -> [UInt8] {
        var bytes: [UInt8] = []
        var drawn: [UInt8] = []
        for part in parts {
            switch part {
            case .text(let text): bytes += Array(text.utf8)
            case .random(let alphabet, let count):
                let characters = (0..<count).map { _ in character(of: alphabet) }
                drawn += characters
                bytes += characters
            case .checksum: bytes += TokenChecksum.digits(of: drawn)
            case .base64url(let inner): Base64Text.encode(self.bytes(of: inner), forURLs: true, into: &bytes)
            }
        }
        return bytes
    }

    /// Draws evenly: a byte beyond the last whole multiple of the alphabet's size is left out.
    private mutating func character(of alphabet: TokenAlphabet) -> UInt8 {
        let size = alphabet.characters.count
        while true {
            let byte = Int(nextByte())
            if byte < 256 / size * size { return alphabet.characters[byte % size] }
        }
    }

    private mutating func nextByte() -> UInt8 {
        if let byte = block.popFirst() { return byte }
        var message = grant.bytes
        for shift in [24, 16, 8, 0] { message.append(UInt8(truncatingIfNeeded: counter >> UInt32(shift))) }
        message += Array(shape.name.utf8)
        counter += 1
        block = key.code(over: message)[...]
        return nextByte()
    }
}
