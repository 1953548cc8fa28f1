import Glibc
import TacitWire

/// The place where a vault is to be made: looked at before anybody is asked for its password.
enum VaultGround {
    static func check(_ context: CommandContext) throws {
        // Of a keeper that is a user of its own nobody else sees the place.
        guard !context.paths.hasOwnUser else { return }
        var (place, missing) = (context.paths.vault, String?.none)
        while place.count > 1, place.last == "/" { place.removeLast() }
        var facts = stat()
        while unsafe stat(place, &facts) != 0 {
            guard [ENOENT, ENOTDIR].contains(errno), let slash = place.lastIndex(of: "/") else { throw refusal(errno, missing ?? place, place) }
            missing = place
            place = slash == place.startIndex ? "/" : String(place[..<slash])
        }
        guard facts.st_mode & S_IFMT == S_IFDIR else { throw refusal(ENOTDIR, missing ?? place, place) }
        guard unsafe access(place, W_OK | X_OK) == 0 else { throw refusal(errno, missing ?? place, place) }
    }

    private static func refusal(_ number: Int32, _ path: String, _ place: String) -> CommandFailure {
        CommandFailure(
            errno: number, "no vault can be made in \(path)",
            hint: "look at \(place) with `ls -ld`, or name another place: TACIT_VAULT=/another/directory")
    }
}
