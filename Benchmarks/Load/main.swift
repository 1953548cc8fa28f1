// Loads the keeper's API over its Unix socket, and prints one line of JSON per measurement.
//
//   benchmark-load SOCKET SECONDS CONNECTIONS,... PATHS... 3<password
//
// PATHS are files with one path of the API a line; with several, requests go round them and latencies are told apart.
// It is another program than the keeper's, which only a password makes a person's: each connection gives it once, before anything is measured.
import Glibc

let words = CommandLine.arguments
guard words.count >= 5, let seconds = Double(words[2]) else { stop("usage: benchmark-load SOCKET SECONDS CONNECTIONS,... PATHS... 3<password") }

func readAll(_ descriptor: Int32) -> [UInt8] {
    var bytes: [UInt8] = []
    var slice = [UInt8](repeating: 0, count: 64 << 10)
    while true {
        let count = unsafe read(descriptor, &slice, slice.count)
        guard count > 0 else { return bytes }
        bytes += slice[..<count]
    }
}

func requests(_ file: String) -> [[UInt8]] {
    let descriptor = unsafe open(file, O_RDONLY)
    guard descriptor >= 0 else { stop("cannot read \(file)") }
    defer { close(descriptor) }
    return String(decoding: readAll(descriptor), as: UTF8.self).split(separator: "\n").map {
        Array("GET \($0) HTTP/1.1\r\nHost: keeper\r\nTacit-Source: cli\r\n".utf8)
    }
}

func percentile(_ sorted: [Int64], _ part: Double) -> Double {
    sorted.isEmpty ? 0 : Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))]) / 1e3
}

let password = readAll(3)
let keeper = Keeper(socket: words[1])
_ = keeper.send("POST", "/v1/unlock", body: password)
let checks = (0..<5).map { _ in
    let start = nanoseconds(CLOCK_MONOTONIC)
    _ = keeper.stepUp(password)
    return nanoseconds(CLOCK_MONOTONIC) - start
}.sorted()
print("{\"password_check_us\": \(percentile(checks, 0.5))}")

let load = Load(socket: words[1], groups: words[4...].map(requests), keeper: keeper.process, password: password)
for connections in words[3].split(separator: ",").compactMap({ Int($0) }) {
    let result = load.run(connections: connections, seconds: seconds)
    let groups = result.latencies.map { $0.sorted() }
    let medians = groups.map { "\(percentile($0, 0.5))" }.joined(separator: ", ")
    let tails = groups.map { "\(percentile($0, 0.99))" }.joined(separator: ", ")
    print(
        """
        {"connections": \(connections), "requests": \(result.requests), "failures": \(result.failures), "seconds": \(result.seconds), \
        "keeper_us": \(result.keeperMicroseconds), "p50_us": [\(medians)], "p99_us": [\(tails)]}
        """)
}
