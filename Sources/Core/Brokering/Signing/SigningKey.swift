import Crypto
import Envelopes
import Model
import PlaintextDoor

/// The key that signs requests of one day to one service in one region. It is made of a secret key and lets nobody find that again.
struct SigningKey: Sendable {
    private let key: MACKey

    /// HMAC in four steps over `AWS4` and the secret key (AWS, "Create a signed AWS API request").
    init(_ secret: SecretValue, for scope: SigningScope) {
        let lead = Array("AWS4".utf8)
        let seed = secret.withPlaintext(PlaintextDoor()) { secret in
            unsafe SecretValue(capacity: lead.count + secret.byteCount, in: .keys) { target in
                unsafe target.copyBytes(from: lead)
                unsafe secret.withUnsafeBytes { unsafe UnsafeMutableRawBufferPointer(rebasing: target[lead.count...]).copyMemory(from: $0) }
                return lead.count + secret.byteCount
            }
        }
        var key = MACKey(ofAnyLength: seed)
        for part in [scope.day, scope.region, scope.service, SigningScope.end] {
            var code = key.code(over: Array(part.utf8))
            key = MACKey(ofAnyLength: SecretValue(moving: &code, in: .keys))
        }
        self.key = key
    }

    /// The signature over a text, as it is written: 64 digits.
    func signature(over text: String) -> [UInt8] { Array(key.code(over: Array(text.utf8)).hexadecimal.utf8) }

    /// Whether these digits are the signature over a text; compared in constant time.
    func isSignature(_ digits: [UInt8], over text: String) -> Bool {
        guard let code = [UInt8](hexadecimal: String(decoding: digits, as: UTF8.self)) else { return false }
        return key.isValid(code, over: Array(text.utf8))
    }
}

/// SHA-256 over what comes piece by piece, as signatures have it: in 64 small digits.
struct BodyDigest: Sendable {
    private var hasher = SHA256()

    static let ofNothing = BodyDigest().text

    mutating func take(_ bytes: some Collection<UInt8>) {
        let wasLent: Void? = bytes.withContiguousStorageIfAvailable { unsafe hasher.update(bufferPointer: UnsafeRawBufferPointer($0)) }
        if wasLent == nil { take(Array(bytes)) }
    }

    var text: String { unsafe hasher.finalize().withUnsafeBytes { unsafe [UInt8]($0) }.hexadecimal }

    static func of(_ bytes: some Collection<UInt8>) -> String {
        var digest = BodyDigest()
        digest.take(bytes)
        return digest.text
    }

    /// Whether a text is one.
    static func isDigest(_ text: [UInt8]) -> Bool { text.count == 64 && text.allSatisfy(TokenAlphabet.hex.contains) }
}
