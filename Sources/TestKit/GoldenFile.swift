import FoundationEssentials
import Glibc

/// A file that holds what a generated text must be. `RECORD=1` in the environment rewrites it and fails the run.
package enum GoldenFile {
    /// Compares a text with a file of `vectors/`, or of another folder; throws when they differ, when there is no such file, and after rewriting it.
    package static func check(_ text: String, against name: String, in folder: String = "vectors", root: String = repositoryRoot) throws {
        let path = "\(root)/\(folder)/\(name)"
        if unsafe getenv("RECORD") != nil {
            try FileManager.default.createDirectory(
                atPath: String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            throw TestFailure("\(folder)/\(name) was rewritten; look at the difference and run again without RECORD")
        }
        guard let found = FileManager.default.contents(atPath: path) else { throw TestFailure("\(folder)/\(name) is missing; RECORD=1 makes it") }
        let lines = (
            text.split(separator: "\n", omittingEmptySubsequences: false),
            String(decoding: found, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        )
        guard let place = zip(lines.0, lines.1).enumerated().first(where: { $0.element.0 != $0.element.1 })?.offset ?? difference(lines) else {
            return
        }
        throw TestFailure("\(folder)/\(name) differs from line \(place + 1) on; RECORD=1 rewrites it")
    }

    /// The folder of the project, from where this file was compiled.
    package static var repositoryRoot: String {
        guard let resolved = unsafe realpath(#filePath, nil) else { return "." }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved).split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
    }

    private static func difference(_ lines: ([Substring], [Substring])) -> Int? {
        lines.0.count == lines.1.count ? nil : min(lines.0.count, lines.1.count)
    }
}
