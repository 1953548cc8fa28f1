package import Model

/// What has to be known of a machine and a run to plan its sandbox.
package struct SandboxScene: Sendable {
    package var user: String
    package var userID: UInt32
    package var groupID: UInt32
    package var home: String
    /// Where the home lies after every link; nil where it is not there.
    package var realHome: String?
    /// The working directory; nil for a private one.
    package var working: FilePlace?
    package var writesThrough = false
    /// The program and its interpreters.
    package var programs: [FilePlace] = []
    package var hasTerminal = false
    /// Whether a broker listens on the loopback.
    package var hasDoor = false
    /// Whether the keeper listens beside it.
    package var hasKeeper = false
    /// This program, by which the keeper is asked; nil where its file is gone.
    package var ownProgram: FilePlace?
    /// The program's home, which lasts; nil for an empty one. Where there is none that was wished for, the run is refused.
    package var lastingHome: FilePlace?
    package var lacksHome = false
    /// Whether the control group of the runner is that of its run alone.
    package var isAloneInGroup = false
    /// `/bin` and its like, as far as they are there: what a link leads to, nil for a directory.
    package var systemLinks: [String: String?] = [:]
    /// Directories that no program in a sandbox sees.
    package var hidden: [String] = []
    /// What the program may read besides: the path as it was named, and where that leads; nil for nowhere.
    package var reads: [(named: String, place: FilePlace?)] = []

    package init(user: String, userID: UInt32, groupID: UInt32, home: String, working: FilePlace?) {
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

    /// Where a home is that lasts. Nothing else is put below it, so that what its program made there leads nothing astray.
    static let lastingHomeInside = "/agent"

    /// Where HOME is, inside: an empty directory in the place of the real one, unless it lasts.
    var homeInside: String {
        if lastingHome != nil { return Self.lastingHomeInside }
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
        // By bytes: to Swift a slash with an accent is another character, and to Linux it is a slash.
        var base = Array(directory.utf8)
        if base.last == UInt8(ascii: "/") { base.removeLast() }
        return path.utf8.elementsEqual(base) || path.utf8.starts(with: base + [UInt8(ascii: "/")])
    }

    /// Directories of the system that are no place to work in, and neither is anything below them.
    private static let system = ["/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/run", "/sbin", "/sys"]
    /// Directories that hold other people's, which lie below them.
    private static let shared = ["/", "/home", "/media", "/mnt", "/opt", "/root", "/srv", "/tmp", "/usr", "/var", "/var/tmp"]

    /// The home as it is named, and where that leads.
    private var homes: [String] { [home] + (realHome.map { [$0] } ?? []) }

    /// What cannot be given to a sandbox, whose program would read all of it, and why; nil when everything can.
    package var refusal: (path: String, reason: String)? {
        if lacksHome { return (Self.lastingHomeInside, "the directory for it cannot be made, or is open to others") }
        if lastingHome != nil,
            let path = ((working.map { [$0.path] } ?? []) + (programs + [ownProgram].compactMap(\.self)).map(\.path) + reads.map(\.named)).first(
                where: isInLastingHome)
        {
            return (path, "whole agents have their home at this path")
        }
        if let path = working?.path, let reason = workRefusal(path) { return (path, reason) }
        for read in reads {
            guard let place = read.place else { return (read.named, "there is nothing") }
            if hidden.contains(where: { Self.lies($0, in: place.path) || Self.lies(place.path, in: $0) }) {
                return (read.named, "it holds files of Tacit's own")
            }
            // What a link leads to, nobody wrote down.
            if place.path != read.named, let reason = workRefusal(place.path) { return (read.named, reason) }
            if place.path == "/" || ["/proc", "/sys", "/dev"].contains(where: { Self.lies(place.path, in: $0) }) {
                return (read.named, "it belongs to the system")
            }
        }
        return nil
    }

    private func isInLastingHome(_ path: String) -> Bool {
        Self.lies(path, in: Self.lastingHomeInside) || Self.lies(Self.lastingHomeInside, in: path) && path != "/"
    }

    private func workRefusal(_ path: String) -> String? {
        if Self.shared.contains(path) || Self.system.contains(where: { Self.lies(path, in: $0) }) { return "it belongs to the system" }
        for home in homes {
            if Self.lies(home, in: path) { return "it is your home, or holds it" }
            if Self.lies(path, in: home), path.utf8.dropFirst(home.utf8.count).drop(while: { $0 == UInt8(ascii: "/") }).first == UInt8(ascii: ".") {
                return "it is a hidden directory of your home, where programs keep credentials"
            }
        }
        if hidden.contains(where: { Self.lies($0, in: path) || Self.lies(path, in: $0) }) { return "it holds files of Tacit's own" }
        return nil
    }
}
