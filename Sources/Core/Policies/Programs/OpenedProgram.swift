/// The program of a run as it was opened, before anything is executed: the facts that command rules judge.
package struct OpenedProgram: Sendable, Hashable {
    /// Where the opened file lies, after every link.
    package var path: String
    /// The path it was found by, where nobody but the system decides what that leads to; nil otherwise.
    package var calledPath: String?
    /// Every name it goes by: as called, of the file, of the applet, of a script's interpreters. For the accident guard.
    package var names: [String]
    /// The paths of a script's interpreters. For the accident guard.
    package var interpreters: [String]
    /// Of the file's content; nil where nobody asked for it, or it cannot be read.
    package var fingerprint: ProgramFingerprint?
    /// Whether it executes what its arguments or files tell it: an interpreter, shell, package manager, or a script.
    package var runsAnyCode: Bool
    /// Whether the caller can write the file, a script's interpreter, or a directory above one of them.
    package var isWritableByCaller: Bool
    /// Whether what executes is the very file that was opened. A script is opened again by its interpreter.
    package var isBound: Bool

    package init(
        path: String, calledPath: String? = nil, names: [String] = [], interpreters: [String] = [], fingerprint: ProgramFingerprint? = nil,
        runsAnyCode: Bool, isWritableByCaller: Bool, isBound: Bool
    ) {
        self.path = path
        self.calledPath = calledPath
        self.names = names
        self.interpreters = interpreters
        self.fingerprint = fingerprint
        self.runsAnyCode = runsAnyCode
        self.isWritableByCaller = isWritableByCaller
        self.isBound = isBound
    }

    /// The paths that may be allowed.
    var paths: [String] { [path] + (calledPath.map { [$0] } ?? []) }

    /// Its names for the accident guard: whatever it was called, the last part of each path counts too.
    var allNames: Set<String> {
        Set(names + (paths + interpreters).map { String($0[($0.lastIndex(of: "/").map($0.index(after:)) ?? $0.startIndex)...]) })
    }
}
