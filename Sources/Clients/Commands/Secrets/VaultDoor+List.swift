import TacitClient
import TacitWire

extension VaultDoor {
    /// The secrets of an environment, one page or all of them.
    ///
    /// Somebody whom the keeper does not know sees an empty list; a person in front of a terminal is asked for the password then.
    func list(_ scope: Scope, _ query: [(String, String)] = [], allPages: Bool) throws -> Page<SecretSummary> {
        var page = try pages(scope, query, allPages: allPages)
        guard page.items.isEmpty, let doubt = try status().actor.standingDoubt else { return page }
        guard passwords.isThere else {
            throw CommandFailure("nothing is listed: \(doubt.message.printable)", hint: doubt.hint.printable, status: .denied, code: "not_permitted")
        }
        passwords.terminal?.say(doubt.message.printable.capitalizedFirst + ".")
        try stepUp()
        page = try pages(scope, query, allPages: allPages)
        return page
    }

    private func pages(_ scope: Scope, _ query: [(String, String)], allPages: Bool) throws -> Page<SecretSummary> {
        let limit = allPages ? 20_000 : 1000
        var page = Page<SecretSummary>(items: [])
        repeat {
            let pairs = query + [("limit", "\(limit)")] + (page.nextCursor.map { [("cursor", $0)] } ?? [])
            let text = pairs.map { "\($0)=\(WirePath.encoded($1))" }.joined(separator: "&")
            let body = try answer("GET", "\(WirePath.secrets(scope.project, scope.environment))?\(text)").body
            guard let next = try? Page<SecretSummary>(json: body) else { throw Self.notUnderstood }
            page.items += next.items
            page.nextCursor = next.nextCursor
        } while allPages && page.nextCursor != nil
        return page
    }
}
