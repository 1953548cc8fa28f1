import Brokering
import Model

/// Which of a run's values are AWS keys, whose parts sign together: the fields of one secret that have the forms of such.
struct RunSigners {
    private var parts: [SecretID: [Part]] = [:]

    private struct Part {
        let index: Int
        let kind: SigningPart
        /// What the program shows of it; nil as long as that would be the value.
        var shown: String?
        var grant: GrantID?
    }

    /// Looks at the values before tokens stand in their places.
    init(_ values: [RunJob.InjectedValue]) {
        for (index, value) in values.enumerated() {
            guard let secret = value.secret, let kind = SigningPart(of: value.value) else { continue }
            let shown = value.kind == .plain ? SigningPart.keyID(of: value.value) : nil
            parts[secret, default: []].append(Part(index: index, kind: kind, shown: shown))
        }
    }

    /// Notes the token that stands in the place of a value.
    mutating func take(_ token: FakeToken, of grant: GrantID, at index: Int) {
        for (secret, list) in parts {
            guard let place = list.firstIndex(where: { $0.index == index }) else { continue }
            parts[secret]?[place].shown = token.text
            parts[secret]?[place].grant = grant
        }
    }

    /// One for each secret that is such a key.
    var grants: [SigningGrants] {
        parts.sorted { $0.key < $1.key }.compactMap { _, parts in SigningGrants(parts.map { ($0.kind, $0.shown, $0.grant) }) }
    }
}
