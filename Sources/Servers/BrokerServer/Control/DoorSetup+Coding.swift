import Brokering
import Model
import Secrets

extension DoorSetup {
    func write(to writer: inout CanonicalWriter) {
        writer.write(list: tokens.sorted { $0.key < $1.key }) { writer, token in
            writer.write(token.key)
            writer.write(token.value.text)
        }
        writer.write(credential)
        writer.write(list: bodyHosts) { $0.write($1) }
        writer.write(life)
    }

    init(decoding reader: inout CanonicalReader) throws(CanonicalError) {
        let tokens = try reader.list { reader throws(CanonicalError) in (try reader.id(GrantKind.self), FakeToken(text: try reader.text())) }
        let credential = try reader.text()
        let bodyHosts = try reader.list { reader throws(CanonicalError) in try reader.text() }
        self.init(tokens: Dictionary(tokens) { first, _ in first }, credential: credential, bodyHosts: bodyHosts, life: try reader.duration())
    }
}
