import Brokering
import Model
import Secrets

extension DoorSetup {
    func write(to writer: inout CanonicalWriter) {
        writer.write(list: tokens.sorted { $0.key < $1.key }) { writer, token in
            writer.write(token.key)
            writer.write(token.value.text)
        }
        writer.write(list: signing) { writer, grants in
            writer.write(grants.shownKeyID)
            writer.write(optional: grants.keyID)
            writer.write(grants.secretKey)
            writer.write(optional: grants.sessionToken)
        }
        writer.write(credential)
        writer.write(list: bodyHosts) { $0.write($1) }
        writer.write(list: tunnelHosts) { $0.write($1) }
        writer.write(life)
    }

    init(decoding reader: inout CanonicalReader) throws(CanonicalError) {
        let tokens = try reader.list { reader throws(CanonicalError) in (try reader.id(GrantKind.self), FakeToken(text: try reader.text())) }
        let signing = try reader.list { reader throws(CanonicalError) in
            let (shown, keyID) = (try reader.text(), try reader.optional { reader throws(CanonicalError) in try reader.id(GrantKind.self) })
            let secretKey = try reader.id(GrantKind.self)
            return SigningGrants(
                shownKeyID: shown, keyID: keyID, secretKey: secretKey,
                sessionToken: try reader.optional { reader throws(CanonicalError) in try reader.id(GrantKind.self) })
        }
        let credential = try reader.text()
        let bodyHosts = try reader.list { reader throws(CanonicalError) in try reader.text() }
        let tunnelHosts = try reader.list { reader throws(CanonicalError) in try reader.text() }
        self.init(
            tokens: Dictionary(tokens) { first, _ in first }, signing: signing, credential: credential, bodyHosts: bodyHosts,
            life: try reader.duration())
        self.tunnelHosts = tunnelHosts
    }
}
