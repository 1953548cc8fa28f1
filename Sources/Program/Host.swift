import Auditing
import CProcess
import Glibc
import Model
import Secrets

/// Facts and clocks of this machine.
enum Host {
    /// How the keeper itself appears in the log.
    static func origin() -> Origin {
        var names = utsname()
        unsafe uname(&names)
        return Origin(
            userID: geteuid(), userName: Account.own().name, host: text(names.nodename), process: getpid(), executable: executable(),
            platform: "\(text(names.sysname)) \(text(names.release)) \(text(names.machine))")
    }

    /// The machine's clocks; the boot id is read once.
    static func clock() -> MachineClock {
        let boot = bootID()
        return MachineClock {
            ClockReading(
                wall: Timestamp(nanoseconds: nanoseconds(CLOCK_REALTIME)), bootID: boot, bootTime: nanoseconds(CLOCK_BOOTTIME))
        }
    }

    private static func nanoseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private static func bootID() -> BootID {
        let digits = firstLine("/proc/sys/kernel/random/boot_id").filter { $0 != "-" }
        // A kernel that does not tell its boot is taken for another one each time, which only makes the clock watch more careful.
        return BootID(digits) ?? BootID(random: .system)
    }

    private static func firstLine(_ path: String) -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = unsafe read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes[..<max(0, count)].prefix { $0 != 10 }, as: UTF8.self)
    }

    /// How this process is protected.
    static func hardening(unlimited: String?) -> Hardening? {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) == 0 else { return nil }
        return Hardening(coreLimit: UInt64(limit.rlim_max), isDumpable: tacit_is_dumpable() != 0, unlimited: unlimited)
    }

    /// The path of this program's file.
    static func executable() -> String {
        var characters = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink("/proc/self/exe", &characters, characters.count)
        return String(decoding: characters[..<max(0, count)].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// A C array of characters as text.
    private static func text<Characters>(_ characters: Characters) -> String {
        unsafe withUnsafeBytes(of: characters) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}

/// The user whom the keeper serves.
struct Account: Sendable {
    var userID: UInt32
    var groupID: UInt32
    var name: String
    /// As the user database has it: whoever started the keeper may have set HOME to anything.
    var home: String
    var timeZone: String?

    static func own() -> Account { of(geteuid()) }

    /// Reads the user database. Not for two threads at a time.
    static func of(_ user: UInt32) -> Account {
        let entry = unsafe getpwuid(user)
        return Account(
            userID: user, groupID: unsafe entry.map { unsafe $0.pointee.pw_gid } ?? UInt32.max,
            name: unsafe entry.map { unsafe String(cString: $0.pointee.pw_name) } ?? "\(user)",
            home: unsafe entry.map { unsafe String(cString: $0.pointee.pw_dir) } ?? "/",
            timeZone: unsafe getenv("TZ").map { unsafe String(cString: $0) })
    }
}
