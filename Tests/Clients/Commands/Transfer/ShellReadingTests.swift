import Glibc
import TestKit
import Testing

@testable import Commands

/// What a shell makes of the lines that are written for it.
@Suite("Exports that a shell reads")
struct ShellReadingTests {
    private static let names = (0..<8).map { "N\($0)" }
    private static let awkward = Array(" #\"`\\$!;&|<>()*?[]{}~^=%ab\t\u{1}\u{7F}".utf8) + [0x80, 0xC3, 0xFF]
    private static let breaking = Array("'\n\r".utf8)

    /// The values, as hexadecimal digits, that variables have in a shell which has read a text.
    private static func values(readFrom text: [UInt8]) throws -> [String] {
        let directory = try TemporaryDirectory("tacit-shell")
        let path = directory.path("lines")
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(file) }
        guard Console.write(text, to: file) else { throw TestFailure("no file") }
        let script = """
            . "$0"
            for name in \(names.joined(separator: " ")); do
              eval "value=\\$$name"
              printf %s "$value" | od -An -v -tx1 | tr -d ' \\n'
              echo
            done
            """
        let shell = try ChildProcess("/bin/sh", ["-c", script, path])
        return names.map { _ in shell.readLine() ?? "nothing" }
    }

    private static func digits(_ value: [UInt8]) -> String { value.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

    /// Values of all kinds, and of each byte alone that may make a difference.
    private static func items(of alphabet: [UInt8], _ draws: inout RandomDraws) -> [[DotEnv.Item]] {
        let values = alphabet.map { [$0] } + (0..<40).map { _ in draws.bytes(0...24, from: alphabet) }
        return stride(from: 0, to: values.count, by: names.count).map { start in
            zip(names, values[start..<min(start + names.count, values.count)]).map { DotEnv.Item(name: $0, value: $1) }
        }
    }

    @Test("evaluates lines for a shell to the values, whatever their bytes")
    func lines() throws {
        var draws = RandomDraws()
        for items in Self.items(of: Self.awkward + Self.breaking, &draws) {
            let read = try Self.values(readFrom: ShellLines.print(items))
            #expect(Array(read.prefix(items.count)) == items.map { Self.digits($0.value) }, "seed \(draws.seed)")
        }
    }

    @Test("sources a .env file to the values, where none of them has a quote or a line's end")
    func sourced() throws {
        var draws = RandomDraws()
        for items in Self.items(of: Self.awkward, &draws) {
            let read = try Self.values(readFrom: DotEnv.print(items))
            #expect(Array(read.prefix(items.count)) == items.map { Self.digits($0.value) }, "seed \(draws.seed)")
        }
    }
}
