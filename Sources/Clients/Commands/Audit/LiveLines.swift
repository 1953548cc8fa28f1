import FoundationEssentials
import Glibc
import TacitClient
import TacitWire

/// What the keeper goes on telling, a line of JSON each, until Ctrl-C or until the vault is locked.
enum LiveLines {
    /// Shows each item as it comes, after the password where this terminal is not unlocked. Ctrl-C is how a person ends this, and no failure.
    static func follow<Item: Decodable>(_ path: String, of door: VaultDoor, on console: Console, _ show: (Item) -> Void) throws {
        try door.askAsPerson()
        door.context.typing.end()
        signal(SIGINT) { _ in _exit(ExitStatus.done.rawValue) }
        defer { signal(SIGINT, SIG_DFL) }
        var rest: [UInt8] = []
        do throws(ClientError) {
            try door.connection.follow(path) { piece in
                rest += piece
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    let line = Data(rest[..<end])
                    rest.removeSubrange(...end)
                    if let item = try? WireJSON.decode(Item.self, from: line) { show(item) }
                }
                return true
            }
        } catch { throw CommandFailure(error) }
        console.note("the vault was locked: nothing more comes")
    }
}
