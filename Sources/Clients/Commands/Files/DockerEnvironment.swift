/// A file for `docker run --env-file`: `NAME=value` to the end of the line, without quotes or escapes, so that some values have no way to be written.
enum DockerEnvironment {
    /// docker reads lines of less than this many bytes, its own end included.
    private static let longestLine = 64 << 10

    /// Prints variables; the caller wipes the result.
    static func print(_ items: [DotEnv.Item]) throws(FormatError) -> [UInt8] {
        for item in items {
            let name = item.name.printable
            guard NameShape.isVariable(item.name.utf8) else { throw error("name", "\(name) cannot be the name of a variable") }
            guard !item.value.contains(where: { $0 == 0x0A || $0 == 0x0D }) else {
                throw error("line-break", "the value of \(name) has a line break")
            }
            guard !item.value.contains(0) else { throw error("nul", "the value of \(name) has a NUL byte") }
            guard isUTF8(item.value) else { throw error("not-utf8", "the value of \(name) is no UTF-8 text, which docker refuses") }
            guard item.name.utf8.count + item.value.count + 2 < longestLine else {
                throw error("too-long", "the value of \(name) is longer than docker reads")
            }
        }
        var text: [UInt8] = []
        text.reserveCapacity(items.reduce(0) { $0 + $1.name.utf8.count + $1.value.count + 2 })
        for item in items {
            text.append(contentsOf: "\(item.name)=".utf8)
            text.append(contentsOf: item.value)
            text.append(UInt8(ascii: "\n"))
        }
        return text
    }

    private static func error(_ code: String, _ message: String) -> FormatError { FormatError("docker.\(code)", message, at: nil) }
}
