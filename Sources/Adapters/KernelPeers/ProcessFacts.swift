import Glibc

/// One line of `/proc/PID/stat`, as far as it tells where a process stands.
struct ProcessFacts: Equatable {
    /// What the process calls itself, in printable characters.
    var name: String
    var parent: Int32
    var session: Int32
    /// Device number of the controlling terminal; 0 for none.
    var terminal: UInt64
    /// Clock ticks from boot to the start of the process.
    var start: UInt64

    /// Reads the facts of a process; nil when it has ended.
    init?(process: Int32) {
        guard let text = ProcessFiles.read("/proc/\(process)/stat", limit: 4096) else { return nil }
        self.init(statLine: text)
    }

    /// Parses a line. The program's name stands in parentheses and may hold anything, so counting begins after the last one.
    init?(statLine: [UInt8]) {
        guard let open = statLine.firstIndex(of: UInt8(ascii: "(")), let close = statLine.lastIndex(of: UInt8(ascii: ")")), open < close
        else { return nil }
        let fields = String(decoding: statLine[(close + 1)...], as: UTF8.self).split(whereSeparator: { $0 == " " || $0 == "\n" })
        // proc_pid_stat(5): state is field 3; ppid 4, session 6, tty_nr 7, starttime 22.
        // One that has ended and was not collected yet stands nowhere.
        guard fields.count >= 20, fields[0] != "Z", fields[0] != "X", let parent = Int32(fields[1]), let session = Int32(fields[3]),
            let terminal = Int32(fields[4]),
            let start = UInt64(fields[19])
        else { return nil }
        name = Self.printable(statLine[(open + 1)..<close])
        self.parent = parent
        self.session = session
        self.terminal = UInt64(UInt32(bitPattern: terminal))
        self.start = start
    }

    static func printable(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: bytes.map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }
}

/// Small reads below `/proc`.
enum ProcessFiles {
    /// A file's first bytes; nil when it cannot be read.
    static func read(_ path: String, limit: Int) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: limit)
        var count = 0
        while count < limit {
            let room = limit - count
            let got = unsafe bytes.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress.map { unsafe $0 + count }, room) }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { return nil }
            if got == 0 { break }
            count += got
        }
        return Array(bytes[..<count])
    }

    /// Whether a process is the first of its process namespace, or may be for all that is known.
    static func isFirst(_ process: Int32) -> Bool {
        guard let status = read("/proc/\(process)/status", limit: 8192) else { return true }
        return isFirst(status: String(decoding: status, as: UTF8.self))
    }

    /// Reads the process's own number out of `NSpid`, which lists the numbers from the reader's namespace down to its own.
    static func isFirst(status: String) -> Bool {
        let line = status.split(separator: "\n").first { $0.hasPrefix("NSpid:") }
        return line?.split(whereSeparator: { $0 == "\t" || $0 == " " }).last.map { $0 == "1" } ?? true
    }

    /// The path of a process's program; empty when it may not be known.
    static func executable(of process: Int32) -> String {
        var bytes = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink("/proc/\(process)/exe", &bytes, bytes.count)
        guard count > 0 else { return "" }
        return String(decoding: bytes[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
