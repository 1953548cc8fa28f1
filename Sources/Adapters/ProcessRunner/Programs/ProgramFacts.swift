package import Model
package import Policies

/// What was opened for a run, for decisions and for the audit entry.
package struct ProgramFacts: Sendable, Equatable {
    /// The opened file, after every link.
    package var path: String
    package var device: Int64
    package var inode: Int64
    package var programClass: ProgramClass
    /// The native program that executes a script; nil when the file itself is native.
    package var interpreter: String?
    /// The path it was found by, where nobody but the system decides what that leads to; nil otherwise. Agents' programs only, as all that follows.
    package var calledPath: String?
    /// Every name it goes by.
    package var names: [String] = []
    /// The paths of a script's interpreters, the first one first.
    package var interpreters: [String] = []
    /// Of the file's content, where it was asked for and can be read.
    package var fingerprint: ProgramFingerprint?
    /// Whether the caller can write the file, an interpreter of it, or a directory above one of them. Until somebody looked, it is taken for so.
    package var isWritableByCaller = true

    package init(path: String, device: Int64, inode: Int64, programClass: ProgramClass, interpreter: String? = nil) {
        self.path = path
        self.device = device
        self.inode = inode
        self.programClass = programClass
        self.interpreter = interpreter
    }

    /// Where the run will start; nil for a private directory.
    package var directory: FilePlace?

    /// Whether what executes is the very file that was judged. An interpreter opens its script again, by path.
    package var isBound: Bool { interpreter == nil }

    /// Whether its caller decides by arguments or files what code it executes: then it must be expected to print any value it is given.
    package var runsAnyCode: Bool { programClass != .native }
}
