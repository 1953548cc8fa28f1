import Model
import SQLStorage
import Storage
import Synchronization
import Testing

/// A connection that notes what it is asked, and has no rows.
private final class NotingConnection: SQLConnection {
    let asked = Mutex<[String]>([])
    let failsQueries: Bool

    init(failsQueries: Bool = false) { self.failsQueries = failsQueries }

    func execute(script: String) throws(StoreError) { asked.withLock { $0.append(script) } }

    func run(_ statement: SQLStatement, _ values: [SQLValue]) throws(StoreError) -> Int {
        asked.withLock { $0.append(statement.text(in: .sqlite)) }
        return 0
    }

    func query(_ statement: SQLStatement, _ values: [SQLValue], _ body: (any SQLRow) throws(StoreError) -> Void) throws(StoreError) {
        if failsQueries { throw .full }
        asked.withLock { $0.append("query") }
    }
}

@Suite("What takes several queries is read at one moment")
struct MomentTests {
    private let organization = OrganizationID(random: .system)
    private let secrets = (0..<3).map { _ in SecretID(random: .system) }.sorted()

    @Test("the data keys of secrets, and versions, are read in one transaction")
    func one() throws {
        let keys = NotingConnection()
        _ = try keys.dataKeys(of: secrets, notUnder: 1, after: nil, limit: 9, in: organization)
        let versions = NotingConnection()
        _ = try versions.versions(secrets.map { VersionRange(secret: $0, numbers: 1...1) }, upTo: 9, in: organization)
        for connection in [keys, versions] { #expect(connection.asked.withLock { $0 } == ["BEGIN", "query", "query", "query", "COMMIT"]) }
    }

    @Test("a query that fails leaves no transaction behind")
    func failure() {
        let connection = NotingConnection(failsQueries: true)
        #expect(throws: StoreError.full) { try connection.dataKeys(of: secrets, notUnder: 1, after: nil, limit: 9, in: organization) }
        #expect(connection.asked.withLock { $0 } == ["BEGIN", "ROLLBACK"])
    }
}
