import Glibc

/// Requests on many connections at once, one at a time on each, for a span of time.
struct Load {
    let socket: String
    /// Requests to choose from, by group, each without its end; a connection's requests go round the groups.
    let groups: [[[UInt8]]]
    let keeper: Int32
    let password: [UInt8]

    struct Result {
        var connections = 0
        var requests = 0
        var failures = 0
        var seconds = 0.0
        /// CPU time of the keeper, user and system, in microseconds per request.
        var keeperMicroseconds = 0.0
        /// Latencies in nanoseconds, by group.
        var latencies: [[Int64]]
    }

    private struct Line {
        var descriptor: Int32
        /// What ends each of its requests.
        var end: [UInt8]
        var answer = Answer()
        var group = 0
        var sentAt: Int64 = 0
    }

    func run(connections: Int, seconds: Double) -> Result {
        var lines = (0..<connections).map { _ in
            let connection = Keeper(socket: socket)
            return Line(descriptor: connection.descriptor, end: Array("Tacit-Step-Up: \(connection.stepUp(password))\r\n\r\n".utf8))
        }
        defer { for line in lines { close(line.descriptor) } }
        var result = Result(latencies: groups.map { _ in [] })
        result.connections = connections
        var random = Random(state: 42)
        // The first answer on a connection pays for looking at the peer: it is not counted.
        drive(&lines, until: 0, &random) { _, _, _ in }
        let (start, before) = (nanoseconds(CLOCK_MONOTONIC), cpu())
        drive(&lines, until: start + Int64(seconds * 1e9), &random) { group, latency, status in
            result.requests += 1
            if status != 200 { result.failures += 1 }
            result.latencies[group].append(latency)
        }
        result.seconds = Double(nanoseconds(CLOCK_MONOTONIC) - start) / 1e9
        result.keeperMicroseconds = Double(cpu() - before) / 1e3 / Double(max(1, result.requests))
        return result
    }

    /// Sends on every connection, and again after each answer until the deadline; ends when every answer is there.
    private func drive(_ lines: inout [Line], until deadline: Int64, _ random: inout Random, _ note: (Int, Int64, Int) -> Void) {
        for index in lines.indices { send(&lines[index], &random) }
        var watched = lines.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        var waiting = lines.count
        while waiting > 0 {
            _ = unsafe poll(&watched, nfds_t(watched.count), -1)
            for index in lines.indices where watched[index].revents != 0 {
                guard lines[index].answer.read(lines[index].descriptor) else { stop("the keeper broke off") }
                guard lines[index].answer.isWhole else { continue }
                let now = nanoseconds(CLOCK_MONOTONIC)
                note(lines[index].group, now - lines[index].sentAt, lines[index].answer.status)
                guard now < deadline else {
                    lines[index].answer.clear()
                    watched[index].fd = -1
                    waiting -= 1
                    continue
                }
                send(&lines[index], &random)
            }
        }
    }

    private func send(_ line: inout Line, _ random: inout Random) {
        line.answer.clear()
        line.group = (line.group + 1) % groups.count
        let requests = groups[line.group]
        line.sentAt = nanoseconds(CLOCK_MONOTONIC)
        write(line.descriptor, requests[Int(random.next() % UInt64(requests.count))] + line.end)
    }

    private func cpu() -> Int64 {
        var clock = clockid_t()
        guard unsafe clock_getcpuclockid(keeper, &clock) == 0 else { stop("the keeper's CPU time cannot be read") }
        return nanoseconds(clock)
    }
}

struct Random {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

func nanoseconds(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
