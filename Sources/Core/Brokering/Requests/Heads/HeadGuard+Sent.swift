import HTTPTypes

extension HeadGuard {
    /// The fields that go on, in their order: all but those of the connection, those that are written anew, and beside a token those that would let
    /// an answer come in parts or in a form that is not looked through.
    static func sent(_ fields: JudgedFields, _ connection: ConnectionFields, carriesToken: Bool) -> HTTPFields {
        var sent = HTTPFields()
        sent.reserveCapacity(fields.all.count + 2)
        for field in fields.all where goesOn(field, connection, carriesToken: carriesToken) { sent.append(field.field) }
        if carriesToken { sent[.acceptEncoding] = "identity" }
        if connection.opensWebSocket {
            sent[.connection] = "Upgrade"
            sent[.upgrade] = "websocket"
        }
        return sent
    }

    private static func goesOn(_ field: JudgedField, _ connection: ConnectionFields, carriesToken: Bool) -> Bool {
        guard field.meaning.isDisjoint(with: [.ofConnection, .writtenAnew]), !connection.options.contains(field.key) else { return false }
        if carriesToken, field.meaning.contains(.removedBesideToken) { return false }
        if field.key == "trailer" { return connection.announcesTrailers }
        return !(connection.opensWebSocket && field.key == "sec-websocket-extensions")
    }
}
