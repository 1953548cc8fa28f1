import Glibc
package import Model

/// The file of the keeper's own program, and whether another process executes it.
///
/// A process that does is not trusted for it: any process of the user can execute the same file. One that does not is a program that nobody meant to be
/// the person's hand (docs/THREAT-MODEL.md).
struct OwnProgram: Sendable {
    /// Where the keeper's program lay when the keeper was started; after an upgrade the new one lies there.
    private let path: String
    private let image: FileIdentity?

    /// The program of this process.
    init() { self.init(path: ProcessFiles.executable(of: getpid())) }

    init(path: String) {
        self.path = path
        image = FileIdentity.of("/proc/self/exe").file
    }

    /// Whether a process executes the keeper's file, or the one that lies in its place by now.
    ///
    /// A program that protects itself hides which file it executes, ours among them, and is known only by what it calls itself: `name`.
    func isExecuted(by process: Int32, called name: String) -> Bool {
        let (file, isHidden) = FileIdentity.of("/proc/\(process)/exe")
        guard let file else { return isHidden && name == self.name }
        return file == image || file == FileIdentity.of(path).file
    }

    /// What the kernel calls a process that executes the file: its name's first 15 bytes.
    private var name: String {
        let file = path.split(separator: "/").last ?? ""
        return ProcessFacts.printable(file.utf8.prefix(15))
    }
}

extension FileIdentity {
    /// The file that a path leads to, through every link: none when there is none, or when this process may not know it.
    package static func of(_ path: String) -> (file: FileIdentity?, isHidden: Bool) {
        var facts = stat()
        guard unsafe stat(path, &facts) == 0 else { return (nil, errno == EACCES) }
        return (FileIdentity(device: UInt64(facts.st_dev), inode: UInt64(facts.st_ino)), false)
    }
}
