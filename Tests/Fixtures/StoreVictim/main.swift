import Glibc
import Model
import SQLiteDatabase
import Storage
import TestKit

// A program to be killed. It prints one line per event, so that the test knows what was acknowledged before it died.
//
//     store-victim write DIRECTORY [N]  writes numbered steps until it is killed, or N of them: "step N" when step N is durable
//     store-victim open DIRECTORY       opens the vault and closes it: "open", or the error's code and hint
//     store-victim hold DIRECTORY       opens the vault, prints "open" and holds it until it is killed
//     store-victim limit DIRECTORY      writes until a file may not grow (a failing disk), then tries once more: what the store said each time
//     store-victim make DIRECTORY MASK  makes a vault under that umask (octal) and writes to it: "made"

/// Says a line at once: nothing waits in a buffer that dies with the process.
func say(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = unsafe write(1, bytes, bytes.count)
}

let (verb, directory) = (CommandLine.arguments[1], CommandLine.arguments[2])
do {
    if verb == "make" { umask(mode_t(CommandLine.arguments[3], radix: 8) ?? 0) }
    let store: any VaultStore = try SQLiteStore.open(directory: directory, create: !["open", "hold"].contains(verb))
    switch verb {
    case "write":
        let count = CommandLine.arguments.dropFirst(3).first.flatMap { Int64($0) } ?? .max
        try await VictimSteps(store: store).run(atMost: count) { say("step \($0)") }
    case "limit":
        signal(SIGXFSZ, SIG_IGN)
        for limit in [200_000, rlim_t.max] {
            var limits = rlimit(rlim_cur: limit, rlim_max: rlim_t.max)
            _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limits)
            do { try await VictimSteps(store: store).run { say("step \($0)") } } catch let error as StoreError { say(error.message) }
        }
    case "make":
        try await VictimSteps(store: store).run(atMost: 3) { _ in }
        say("made")
    case "hold":
        say("open")
        while true { pause() }
    default: say("open")
    }
    await store.close()
} catch let error as StoreError {
    say("\(error.code) \(error.hint ?? "")")
}
