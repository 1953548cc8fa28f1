import CSandbox
import Glibc

/// What Landlock is asked to govern and to allow, by the version that the kernel has (linux/landlock.h).
package struct LandlockRights: Sendable, Equatable {
    /// Every right to files that this version knows: what is not allowed is refused.
    package let files: UInt64
    /// Binding and connecting TCP; never allowed, but where a broker listens on a loopback of the sandbox's own.
    package let network: UInt64
    /// Abstract sockets and signals, of processes that are not under the same rules.
    package let scopes: UInt64

    private static let execute: UInt64 = 1
    private static let writeFile: UInt64 = 1 << 1
    private static let readFile: UInt64 = 1 << 2
    private static let readDirectory: UInt64 = 1 << 3
    private static let makeDevices: UInt64 = 1 << 6 | 1 << 11
    private static let truncate: UInt64 = 1 << 14
    private static let controlDevice: UInt64 = 1 << 15

    package init(version: Int) {
        // Renaming between directories came with version 2, truncating with 3, TCP with 4, devices with 5, scopes with 6.
        let count = version >= 5 ? 16 : version >= 3 ? 15 : version >= 2 ? 14 : version >= 1 ? 13 : 0
        files = 1 << UInt64(count) - 1
        network = version >= 4 ? 3 : 0
        scopes = version >= 6 ? 3 : 0
    }

    /// For the whole of the root, which holds nothing that is not to be read.
    package var reading: UInt64 { Self.execute | Self.readFile | Self.readDirectory }
    /// For a directory that the program may change.
    package var changing: UInt64 { files & ~Self.makeDevices }
    /// For `/dev` and a terminal, where files are written but none is made.
    package var using: UInt64 { files & (reading | Self.writeFile | Self.truncate | Self.controlDevice) }
    /// For a single file of that kind.
    package var usingFile: UInt64 { using & ~Self.readDirectory }
    /// For a single file that is read.
    package var readingFile: UInt64 { Self.readFile }
    /// For a single file that is executed.
    package var executing: UInt64 { Self.execute | Self.readFile }

    /// Allows a right below a path in a set of rules; what is not there needs none. Zero, or a number of errno.
    static func allow(_ right: UInt64, below path: String, in rules: Int32) -> Int32 {
        // Not by `openat2`, which a service manager that watches modes does not let a process have.
        let place = unsafe open(path, Int32(TACIT_PLACE_ONLY) | O_CLOEXEC)
        guard place >= 0 else { return errno == ENOENT ? 0 : errno }
        defer { close(place) }
        return -tacit_landlock_allow(rules, place, right)
    }
}
