import TacitClient
import TacitWire

extension VaultDoor {
    /// Makes the vault with a password and makes the connection its maker's. Returns the answer's body.
    func create(_ password: WipedBytes) throws -> [UInt8] {
        let answer = try plain("POST", WirePath.vault, body: password.bytes, contentType: Self.octets)
        remember(password)
        try stepUp()
        return answer.body
    }

    /// Unlocks the vault for this terminal; a wrong password may be typed again.
    func unlock(for lease: String?, isReadOnly: Bool = false) throws -> [UInt8] {
        let wishes = [lease.map { "for=\(WirePath.encoded($0))" }, isReadOnly ? "session=read-only" : nil].compactMap(\.self)
        let query = wishes.isEmpty ? "" : "?" + wishes.joined(separator: "&")
        return try withPassword(explaining: false) { try plain("POST", WirePath.unlock + query, body: $0, contentType: Self.octets).body }
    }
}
