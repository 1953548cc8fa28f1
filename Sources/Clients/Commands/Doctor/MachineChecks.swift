import Glibc
import TacitWire

/// What this machine does for secrets in memory and in files, as far as any process can see it.
struct MachineChecks {
    typealias Finding = DoctorReport.Finding

    let context: CommandContext
    /// Where the system's files are; tests put others in their place.
    var root = ""
    /// The bytes of locked memory that the keeper wants.
    static let lockedBytes: UInt = 4 << 20

    init(_ context: CommandContext, root: String = "") {
        self.context = context
        self.root = root
    }

    var findings: [Finding] { [lockedMemory, swap, hibernation, cores, tracing] + FileChecks(context).findings }

    private var lockedMemory: Finding {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(__RLIMIT_MEMLOCK.rawValue), &limit) == 0, UInt(limit.rlim_cur) < Self.lockedBytes else {
            return .init(.good, "memory.locked", "keys and values can be kept in locked memory")
        }
        return .init(
            .advice, "memory.locked", "only \(limit.rlim_cur >> 10) KiB of memory may be locked: keys could be written to swap",
            hint: "raise the limit: `* hard memlock 8192` in /etc/security/limits.conf")
    }

    var swap: Finding {
        let devices = text("/proc/swaps").split(separator: "\n").dropFirst().compactMap { $0.split(separator: " ").first.map(String.init) }
        let open = devices.filter { !isSafeSwap($0) }
        if devices.isEmpty { return .init(.good, "swap.encrypted", "there is no swap") }
        if open.isEmpty { return .init(.good, "swap.encrypted", "swap is encrypted or lies in memory") }
        return .init(
            .advice, "swap.encrypted", "swap on \(open.joined(separator: ", ")) is not encrypted: what programs hold can lie there in clear",
            hint: "encrypt it with dm-crypt and a random key, or use zram")
    }

    /// On dm-crypt, or compressed memory.
    private func isSafeSwap(_ device: String) -> Bool {
        guard let name = device.split(separator: "/").last else { return false }
        if name.hasPrefix("zram") { return true }
        return text("/sys/block/\(name)/dm/uuid").hasPrefix("CRYPT-")
    }

    var hibernation: Finding {
        let states = text("/sys/power/state").split(whereSeparator: \.isWhitespace)
        let resume = text("/sys/power/resume").split(whereSeparator: \.isWhitespace).first ?? "0:0"
        guard states.contains("disk"), resume != "0:0" else {
            return .init(.good, "hibernation.off", "hibernation is not set up")
        }
        return .init(
            .advice, "hibernation.off", "this machine can hibernate: all memory, unlocked keys included, is then written to disk",
            hint: "run `tacit lock` before, or encrypt the disk it hibernates to")
    }

    var cores: Finding {
        let pattern = text("/proc/sys/kernel/core_pattern").split(separator: "\n").first ?? ""
        guard text("/proc/sys/fs/suid_dumpable").hasPrefix("1") else {
            let place = pattern.hasPrefix("|") ? "a program takes core files" : "core files are written"
            return .init(.good, "core.disabled", "the keeper and its helpers leave no core files (\(place) of other programs)")
        }
        return .init(
            .bad, "core.disabled", "the kernel dumps protected programs too", hint: "sysctl fs.suid_dumpable=0")
    }

    var tracing: Finding {
        let scope = text("/proc/sys/kernel/yama/ptrace_scope").split(separator: "\n").first.flatMap { Int($0) }
        guard let scope, scope > 0 else {
            return .init(
                .advice, "ptrace.restricted", "any program of yours may trace your other programs and read their memory",
                hint: "sysctl kernel.yama.ptrace_scope=1; Tacit's own processes cannot be traced")
        }
        return .init(.good, "ptrace.restricted", "programs cannot trace others that they did not start")
    }

    private func text(_ path: String) -> String {
        guard let bytes = try? Input.readFile(root + path, limit: 1 << 20, naming: path) else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }
}
