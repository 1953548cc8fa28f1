import TacitClient
import TacitWire

/// The fake tokens that one command has issued, so that it can take all of them back.
final class IssuedTokens {
    private let agent: String
    private let seconds: Int?
    private let door: VaultDoor
    private var ids: [String] = []

    init(of agent: String, lasting seconds: Int?, through door: VaultDoor) { (self.agent, self.seconds, self.door) = (agent, seconds, door) }

    /// A token for what is referred to; nil where that is a plain field, for which there is none.
    func token(for reference: Reference, _ text: String) throws -> [UInt8]? {
        let secret: SecretDetail = try door.get(reference.path)
        // Where no field is named, that is `value`, or the one secret field.
        let field = secret.fields.first { $0.name == reference.field ?? "value" }
        return field?.kind == .plain ? nil : try issue(text)
    }

    private func issue(_ text: String) throws -> [UInt8] {
        let request = TokenIssue(agent: agent, scope: "default/dev", secret: text, ttlSeconds: seconds)
        let issued: TokenIssued = try door.send("POST", WirePath.tokens, json: request)
        ids.append(issued.summary.id)
        return Array(issued.token.utf8)
    }

    /// Takes them back; what fails leaves tokens that nobody was given.
    func revoke() {
        guard !ids.isEmpty else { return }
        _ = try? door.answer("POST", WirePath.tokenRevocation, json: TokenRevoke(ids: ids))
    }
}
