import Glibc

/// Blocking requests to the keeper, for what stands around a measurement.
struct Keeper {
    let descriptor: Int32

    init(socket path: String) { descriptor = Self.connect(path) }

    static func connect(_ path: String) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: Array(path.utf8).prefix($0.count - 1)) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe Glibc.connect(descriptor, $0, length) }
        }
        guard code == 0 else { stop("cannot connect to \(path)") }
        return descriptor
    }

    /// Sends a request and gives the answer's body; anything but success ends the program.
    func send(_ method: String, _ path: String, body: [UInt8] = []) -> String {
        let head = "\(method) \(path) HTTP/1.1\r\nHost: keeper\r\nTacit-Source: cli\r\nContent-Length: \(body.count)\r\n\r\n"
        write(descriptor, Array(head.utf8) + body)
        var answer = Answer()
        while !answer.isWhole {
            guard answer.read(descriptor) else { stop("the keeper broke off at \(path)") }
        }
        guard answer.status / 100 == 2 else { stop("\(path) was answered with \(answer.text)") }
        return answer.text
    }

    /// Gives the password and gets the token that makes the connection's requests a person's.
    func stepUp(_ password: [UInt8]) -> String {
        let answer = send("POST", "/v1/step-up", body: password)
        guard let token = answer.split(separator: "\"token\":\"").last?.prefix(while: { $0 != "\"" }) else { stop("there is no token") }
        return String(token)
    }

    /// The keeper's process id.
    var process: Int32 {
        let status = send("GET", "/v1/status")
        let digits = status.split(separator: "\"keeper_process\":").last?.prefix { $0.isNumber }
        guard let process = digits.flatMap({ Int32($0) }) else { stop("the keeper does not tell its process") }
        return process
    }
}

/// One answer of HTTP/1.1, as far as it has come. The keeper gives every answer used here a Content-Length.
struct Answer {
    private var bytes: [UInt8] = []
    private var bodyStart = 0
    private var end = Int.max

    var isWhole: Bool { bytes.count >= end }
    var status: Int { Int(String(decoding: bytes.prefix(12).suffix(3), as: UTF8.self)) ?? 0 }
    var text: String { String(decoding: bytes[bodyStart...], as: UTF8.self) }

    /// Takes what has come; false when the connection has ended.
    mutating func read(_ descriptor: Int32) -> Bool {
        let room = 16 << 10
        let before = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: room))
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress.map { unsafe $0 + before }, room, 0) }
        bytes.removeLast(room - max(0, count))
        if bodyStart == 0 { findEnd() }
        return count > 0
    }

    mutating func clear() {
        bytes.removeAll(keepingCapacity: true)
        (bodyStart, end) = (0, .max)
    }

    private mutating func findEnd() {
        let mark: [UInt8] = [13, 10, 13, 10]
        guard bytes.count >= 4, let start = (0...(bytes.count - 4)).first(where: { bytes[$0..<($0 + 4)].elementsEqual(mark) }) else { return }
        bodyStart = start + 4
        let head = String(decoding: bytes[..<start], as: UTF8.self).lowercased()
        let length = head.split(separator: "content-length: ").last?.prefix { $0.isNumber }
        end = bodyStart + (length.flatMap { Int($0) } ?? 0)
    }
}

func write(_ descriptor: Int32, _ bytes: [UInt8]) {
    let count = unsafe bytes.withUnsafeBytes { unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    guard count == bytes.count else { stop("a request was not taken whole") }
}

func stop(_ message: String) -> Never {
    let bytes = Array("benchmark-load: \(message)\n".utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    exit(1)
}
