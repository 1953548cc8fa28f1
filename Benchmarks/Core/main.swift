// Measures parts of the core by themselves and prints one line of JSON per round.
//
//   benchmark-core verify ENTRIES              the log's verifier, over entries of 300 bytes made before the clock starts
//   benchmark-core redact TEXT VALUES [few]    redaction of the file TEXT with the values of VALUES, one a line, beside memcpy and memchr; `few` looks
//                                              for the values as they are and in base64 alone
//   benchmark-core memory TEXT VALUES MIBS     how much more memory that takes over a stream of so many MiB, which is the text again and again
import Glibc
import Redaction

switch CommandLine.arguments.dropFirst().first {
case "verify": measureVerifier(entries: Int(CommandLine.arguments.last ?? "") ?? 500_000)
case "redact" where CommandLine.arguments.count >= 4:
    let views: RedactionViews = CommandLine.arguments.last == "few" ? .base64 : .all
    measureRedaction(text: CommandLine.arguments[2], values: CommandLine.arguments[3], views)
case "memory" where CommandLine.arguments.count == 5:
    measureMemory(text: CommandLine.arguments[2], values: CommandLine.arguments[3], mebibytes: Int(CommandLine.arguments[4]) ?? 1024)
default: exit(2)
}

/// Seconds that a body takes.
func seconds(_ body: () -> Void) -> Double {
    let start = monotonic()
    body()
    return monotonic() - start
}

private func monotonic() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

func contents(of path: String) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY)
    guard descriptor >= 0 else { exit(2) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var slice = [UInt8](repeating: 0, count: 1 << 20)
    while true {
        let count = unsafe read(descriptor, &slice, slice.count)
        guard count > 0 else { return bytes }
        bytes += slice[..<count]
    }
}
