/// What has to be known of a machine and a run to plan its sandbox.
package struct SandboxScene: Sendable {
    package var user: String
    package var userID: UInt32
    package var groupID: UInt32
    package var home: String
    /// The working directory; nil for a private one.
    package var working: SandboxPlace?
    package var writesThrough = false
    /// The program and its interpreters.
    package var programs: [SandboxPlace] = []
    package var hasTerminal = false
    /// `/bin` and its like, as far as they are there: what a link leads to, nil for a directory.
    package var systemLinks: [String: String?] = [:]
    /// Directories that no program in a sandbox sees.
    package var hidden: [String] = []
    /// What the program may read besides: the path as it was named, and where that leads; nil for nowhere.
    package var reads: [(named: String, place: SandboxPlace?)] = []

    package init(user: String, userID: UInt32, groupID: UInt32, home: String, working: SandboxPlace?) {
        (self.user, self.userID, self.groupID, self.home, self.working) = (user, userID, groupID, home, working)
    }

    /// What is a link into `/usr` on most systems, and a directory of its own on some.
    package static let systemLinkNames = ["/bin", "/lib", "/lib32", "/lib64", "/libx32", "/sbin"]
    /// Where some systems keep their programs in place of `/usr`.
    static let stores = ["/nix/store", "/gnu/store"]
    /// What is seen of `/etc`.
    static let configuration = [
        "alternatives", "ca-certificates", "debian_version", "fonts", "gai.conf", "host.conf", "inputrc", "ld.so.cache", "ld.so.conf", "ld.so.conf.d",
        "locale.alias", "locale.conf", "localtime", "login.defs", "magic", "mime.types", "os-release", "pki/ca-trust", "pki/tls/certs", "protocols",
        "services", "ssl/certs", "ssl/openssl.cnf", "terminfo", "timezone",
    ]

    /// Where HOME is, inside: an empty directory in the place of the real one.
    var homeInside: String {
        let isPlain = home.hasPrefix("/") && home != "/" && !home.utf8.contains(0) && !home.split(separator: "/").contains { $0 == "." || $0 == ".." }
        let isSystem = Self.system.contains { Self.lies(home, in: $0) }
        return isPlain && !isSystem ? home : "/home/user"
    }

    var passwd: String {
        let own = "\(user):x:\(userID):\(groupID):\(user):\(homeInside):/bin/sh\n"
        return own + (userID == 65_534 ? "" : "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n")
    }

    var group: String { "\(user):x:\(groupID):\n" + (groupID == 65_534 ? "" : "nogroup:x:65534:\n") }

    /// Whether a path is another one or lies below it.
    static func lies(_ path: String, in directory: String) -> Bool {
        let base = directory.hasSuffix("/") ? String(directory.dropLast()) : directory
        return path == base || path.hasPrefix(base + "/")
    }

    /// Directories of the system that are no place to work in, and neither is anything below them.
    private static let system = ["/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/run", "/sbin", "/sys"]
    /// Directories that hold other people's, which lie below them.
    private static let shared = ["/", "/home", "/media", "/mnt", "/opt", "/root", "/srv", "/tmp", "/usr", "/var", "/var/tmp"]

    /// What cannot be given to a sandbox, whose program would read all of it, and why; nil when everything can.
    package var refusal: (path: String, reason: String)? {
        if let path = working?.path, let reason = workRefusal(path) { return (path, reason) }
        for read in reads {
            guard let place = read.place else { return (read.named, "there is nothing") }
            if hidden.contains(where: { Self.lies($0, in: place.path) || Self.lies(place.path, in: $0) }) {
                return (read.named, "it holds files of Tacit's own")
            }
            if place.path == "/" || ["/proc", "/sys", "/dev"].contains(where: { Self.lies(place.path, in: $0) }) {
                return (read.named, "it belongs to the system")
            }
        }
        return nil
    }

    private func workRefusal(_ path: String) -> String? {
        if Self.shared.contains(path) || Self.system.contains(where: { Self.lies(path, in: $0) }) { return "it belongs to the system" }
        if Self.lies(home, in: path) { return "it is your home, or holds it" }
        if Self.lies(path, in: home), path.dropFirst(home.count).drop(while: { $0 == "/" }).first == "." {
            return "it is a hidden directory of your home, where programs keep credentials"
        }
        if hidden.contains(where: { Self.lies($0, in: path) || Self.lies(path, in: $0) }) { return "it holds files of Tacit's own" }
        return nil
    }
}
