import CSandbox
import Glibc

/// What a broker gives up before it has read anything: it parses what the network sends, and holds values.
package enum BrokerConfinement {
    /// What it reads: names of hosts, certificates, the libraries of this program.
    private static let readable = ["/etc", "/usr", "/lib", "/lib64", "/run/systemd/resolve", "/run/resolvconf"]
    /// Files that it reads by their names: random bytes, and how its own threads fare, without which libdispatch ends the process. What of another process is
    /// worth reading there takes the right to trace it, which is gone with the first rule.
    private static let files = ["/dev/urandom", "/dev/null", "/proc"]
    /// Open files, no core file, no file that is written.
    private static let limits: [(Int32, UInt64)] = [
        (Int32(RLIMIT_NOFILE.rawValue), 4096), (Int32(RLIMIT_CORE.rawValue), 0), (Int32(RLIMIT_FSIZE.rawValue), 0),
    ]

    /// Puts this process, which has one thread, under its rules for good. Says whether it is.
    package static func apply() -> Bool {
        guard tacit_no_new_privileges() == 0, tacit_die_with_parent() == 0 else { return false }
        for (resource, limit) in limits { guard tacit_limit(resource, limit) == 0 else { return false } }
        return restrictFiles() && SyscallFilter(for: .broker).apply() == 0
    }

    /// By Landlock, without which no broker starts: nothing is written, and nothing read but what is listed. Other processes get no signal, and no abstract socket
    /// of theirs is reached.
    private static func restrictFiles() -> Bool {
        let rights = LandlockRights(version: Int(tacit_landlock_version()))
        guard rights.files != 0 else { return false }
        let rules = tacit_landlock_rules(rights.files, 0, rights.scopes)
        guard rules >= 0 else { return false }
        defer { close(rules) }
        for (path, right) in readable.map({ ($0, rights.reading) }) + files.map({ ($0, rights.readingFile) }) {
            guard LandlockRights.allow(right, below: path, in: rules) == 0 else { return false }
        }
        return tacit_landlock_enforce(rules) == 0
    }
}
