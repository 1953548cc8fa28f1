import FoundationEssentials
import Glibc

/// A directory of a test's own, 0700, gone with the object.
package final class TemporaryDirectory: Sendable {
    package let path: String

    package init(_ name: String = "tacit-test") throws {
        guard let above = unsafe realpath(FileManager.default.temporaryDirectory.path(percentEncoded: false), nil) else {
            throw TestFailure("there is no directory for temporary files")
        }
        defer { unsafe free(above) }
        path = unsafe String(cString: above) + "/\(name)-\(UUID().uuidString)"
        guard unsafe mkdir(path, 0o700) == 0 else { throw TestFailure("no temporary directory could be made") }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of something inside.
    package func path(_ name: String) -> String { path + "/" + name }
}

/// What a test's own tools say when something is not as it must be.
package struct TestFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
