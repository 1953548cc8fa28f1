import Foundation
import Model
import Testing

@testable import Brokering

/// The table of `vectors/signing/signatures.json`: requests as botocore signs them with a fake key, and with a real one.
struct SignatureTable: Decodable {
    struct Key: Decodable { let keyID: String, secretKey: String, sessionToken: String? }

    struct Request: Decodable {
        let method: String, target: String, fields: [[String]], body: Data

        var head: SignableHead {
            SignableHead(
                method: method, target: Array(target.utf8), fields: fields.map { ReceivedHead.Field($0[0], Array($0[1].utf8)) })
        }
    }

    struct Case: Decodable { let name: String, shown: Key, real: Key, before: Request, after: Request }

    let moment: String, count: Int, cases: [Case]

    static func read() throws -> SignatureTable {
        let root = (0..<5).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        let table = try JSONDecoder().decode(Self.self, from: Data(contentsOf: root.appending(path: "vectors/signing/signatures.json")))
        try #require(table.cases.count == table.count && table.count >= 68)
        return table
    }

    var now: Timestamp {
        get throws { try #require(SigningTime(Array(moment.utf8))).moment }
    }

    /// The cases whose name begins so.
    func cases(_ name: String) -> [Case] { cases.filter { $0.name.hasPrefix("\(name): ") } }
}

extension SignatureTable.Key {
    var pair: SigningPair {
        SigningPair(keyID: keyID, secretKey: FakeToken(text: secretKey), sessionToken: sessionToken.map(FakeToken.init))
    }

    var credential: SigningCredential {
        SigningCredential(keyID: value(keyID), secretKey: value(secretKey), sessionToken: sessionToken.map(value))
    }

    private func value(_ text: String) -> SecretValue {
        var bytes = Array(text.utf8)
        return SecretValue(moving: &bytes)
    }
}

extension SignableHead {
    /// Its fields with names in lower case, in their order: what a new one stands behind is nobody's matter.
    var sortedFields: [String] { fields.map { "\($0.name.lowercased()): \(String(decoding: $0.value, as: UTF8.self))" }.sorted() }
}
