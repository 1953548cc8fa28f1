import CSandbox
import Glibc
import Model

/// Carries a plan out: the first process of a sandbox becomes one whose root holds what the plan lists.
struct SandboxBuilder {
    /// Where something failed.
    struct Failure: Error {
        var stage: SandboxStage
        var error: Int32
    }

    /// Where changes of the working directory are kept.
    struct Changes {
        let descriptor: Int32
        /// Whether an overlay lies over the working directory; otherwise the program sees this place alone, and what is to be in it has to be copied there.
        let isOverlay: Bool
    }

    let plan: SandboxPlan
    private let root: Int32
    private static let place = Int32(TACIT_PLACE_ONLY)

    /// Makes an empty root. The caller is in a mount namespace of its own, and has power in it.
    init(_ plan: SandboxPlan) throws(Failure) {
        self.plan = plan
        try Self.check(.mounts, tacit_isolate_mounts())
        root = try Self.filesystem(
            "tmpfs", ["mode", "0755", "size", "\(SandboxPlan.ownBytes)", "nr_inodes", "\(SandboxPlan.fileCount)"], [.noSetID, .noDevices])
        // Nothing of the plan is taken from /proc, so that what is below it may be out of sight meanwhile.
        let place = try Self.check(.mounts, unsafe tacit_open_below(AT_FDCWD, "/proc", Self.place | O_DIRECTORY, 0, 0))
        try Self.check(.mounts, tacit_attach(root, place))
        close(place)
    }

    /// Puts everything in place, and moves there; the directory in which changes of the working directory are kept, if they are.
    func build() throws(Failure) -> (changes: Changes?, hasProcesses: Bool) {
        var overlay: FilePlace?
        var (hasProcesses, veiled) = (true, [String]())
        for step in plan.steps {
            if case .overlay(let place) = step {
                try prepareOverlay(place)
                overlay = place
            } else if case .outside(let path, .readingFiles, let place) = step {
                if try putOutside(path, .readingFiles, only: place, at: path) { veiled.append(path) }
            } else if try !put(step), case .filesystem(_, type: "proc", _, _) = step {
                hasProcesses = false
            }
        }
        if !veiled.isEmpty { try makeDirectory(Self.empty, 0o555) }
        try Self.check(.root, tacit_become_root(root))
        for path in veiled { try veil(path) }
        if !veiled.isEmpty { unsafe rmdir(Self.empty) }
        return (try overlay.map { place throws(Failure) in try mountOverlay(at: place.path) }, hasProcesses)
    }

    /// Puts one thing in place; false when it was left out, since it can be had without and is not to be had.
    private func put(_ step: SandboxPlan.Step) throws(Failure) -> Bool {
        switch step {
        case .directory(let path, let mode): try makeDirectory(path, mode)
        case .file(let path, let content): try write(content, to: path)
        case .link(let path, let target):
            guard unsafe symlinkat(target, root, relative(path)) == 0 || errno == EEXIST else { throw Failure(stage: .root, error: errno) }
        case .outside(let path, let access, let place): _ = try putOutside(path, access, only: place, at: path)
        case .placed(let place, let target): _ = try putOutside(place.path, .writing, only: place, at: target)
        case .filesystem(let path, let type, let options, let attributes):
            do throws(Failure) {
                try attach(try Self.filesystem(type, options, attributes), at: path, O_DIRECTORY)
            } catch {
                // Without them programs see less, and can do no more.
                guard type == "proc" || type == "devpts" else { throw error }
                return false
            }
        case .overlay: break
        }
        return true
    }

    /// Attaches what lies at a path outside, and says whether it is a directory. Where it has to be a certain file, it is compared after it was opened again
    /// in this namespace.
    private func putOutside(_ source: String, _ access: SandboxPlan.Access, only place: FilePlace?, at target: String) throws(Failure) -> Bool {
        let opened = unsafe tacit_open_below(AT_FDCWD, source, Self.place | (place == nil ? 0 : O_NOFOLLOW), 0, 0)
        guard opened >= 0 else {
            if place == nil { return false }
            throw Failure(stage: .root, error: -opened)
        }
        defer { close(opened) }
        var facts = stat()
        guard unsafe fstat(opened, &facts) == 0 else { throw Failure(stage: .root, error: errno) }
        if let place, place.device != Int64(bitPattern: UInt64(facts.st_dev)) || place.inode != Int64(bitPattern: UInt64(facts.st_ino)) {
            throw Failure(stage: .root, error: ESTALE)
        }
        let isDirectory = facts.st_mode & S_IFMT == S_IFDIR
        guard access != .readingFiles || isDirectory || facts.st_mode & S_IFMT == S_IFREG else { throw Failure(stage: .root, error: EACCES) }
        if isDirectory { try makeDirectory(target, 0o755) } else { try write("", to: target) }
        let attributes: SandboxPlan.Attributes =
            switch access {
            case .reading, .readingFiles: [.readOnly, .noSetID, .noDevices]
            case .writing: [.noSetID, .noDevices]
            case .device: [.readOnly, .noSetID, .noExecution]
            }
        try attach(try Self.check(.root, tacit_copy_mount(opened, attributes.rawValue)), at: target, isDirectory ? O_DIRECTORY : 0)
        return isDirectory
    }

    /// Covers a directory by an overlay of it, whose sockets are nobody's.
    private func veil(_ path: String) throws(Failure) {
        // A colon parts lower directories.
        let escaped = path.replacing("\\", with: "\\\\").replacing(":", with: "\\:")
        let overlay = try Self.filesystem(
            "overlay", ["lowerdir", "\(escaped):\(Self.empty)", "userxattr", ""], [.readOnly, .noSetID, .noDevices], stage: .overlay)
        defer { close(overlay) }
        let target = try Self.check(.overlay, unsafe tacit_open_below(AT_FDCWD, path, Self.place | O_DIRECTORY, 0, UInt64(TACIT_NO_LINKS)))
        defer { close(target) }
        try Self.check(.overlay, tacit_attach(overlay, target))
    }

    /// The lower and the upper directory of an overlay, each in a place that is taken away again.
    private func prepareOverlay(_ place: FilePlace) throws(Failure) {
        _ = try putOutside(place.path, .reading, only: place, at: Self.lower)
        try makeDirectory(Self.upper, 0o700)
        let changes = try Self.filesystem(
            "tmpfs", ["mode", "0700", "size", "\(SandboxPlan.changedBytes)", "nr_inodes", "\(SandboxPlan.fileCount)"], [.noSetID, .noDevices])
        for name in ["changes", "work"] {
            guard unsafe mkdirat(changes, name, 0o755) == 0 else { throw Failure(stage: .overlay, error: errno) }
        }
        try attach(changes, at: Self.upper, O_DIRECTORY)
    }

    private func mountOverlay(at path: String) throws(Failure) -> Changes {
        let changes = try Self.check(.overlay, unsafe tacit_open_below(AT_FDCWD, "\(Self.upper)/changes", Self.place | O_DIRECTORY, 0, 0))
        var facts = stat()
        // The working directory keeps the mode that it has.
        if unsafe stat(Self.lower, &facts) == 0 { unsafe chmod("\(Self.upper)/changes", facts.st_mode & 0o777) }
        let options = [
            "lowerdir", Self.lower, "upperdir", "\(Self.upper)/changes", "workdir", "\(Self.upper)/work", "userxattr", "",
        ]
        let attributes: SandboxPlan.Attributes = [.noSetID, .noDevices]
        let (shown, isOverlay): (Int32, Bool)
        do throws(Failure) { (shown, isOverlay) = (try Self.filesystem("overlay", options, attributes, stage: .overlay), true) } catch {
            (shown, isOverlay) = (try Self.check(.overlay, tacit_copy_mount(changes, attributes.rawValue)), false)
        }
        let target = try Self.check(.overlay, unsafe tacit_open_below(AT_FDCWD, path, Self.place | O_DIRECTORY, 0, UInt64(TACIT_NO_LINKS)))
        defer { close(target) }
        try Self.check(.overlay, tacit_attach(shown, target))
        close(shown)
        for place in [Self.lower, Self.upper] {
            try Self.check(.overlay, unsafe tacit_detach(place))
            unsafe rmdir(place)
        }
        return Changes(descriptor: changes, isOverlay: isOverlay)
    }

    private static let empty = "/.empty"
    private static let lower = "/.lower"
    private static let upper = "/.upper"

    private func makeDirectory(_ path: String, _ mode: UInt32) throws(Failure) {
        if unsafe mkdirat(root, relative(path), 0o700) == 0 {
            guard unsafe fchmodat(root, relative(path), mode, 0) == 0 else { throw Failure(stage: .root, error: errno) }
        } else if errno != EEXIST {
            throw Failure(stage: .root, error: errno)
        }
    }

    private func write(_ content: String, to path: String) throws(Failure) {
        let flags = O_WRONLY | O_CREAT | O_NOFOLLOW
        let file = unsafe tacit_open_below(root, relative(path), flags, 0o644, UInt64(TACIT_NO_LINKS))
        if file < 0 {
            // What is there already is covered: a file of the system can stand for one of these.
            if -file == EROFS || -file == EACCES { return }
            throw Failure(stage: .root, error: -file)
        }
        defer { close(file) }
        var content = content
        let count = content.withUTF8 { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
        guard count == content.utf8.count else { throw Failure(stage: .root, error: count < 0 ? errno : EIO) }
    }

    private func attach(_ mount: Int32, at path: String, _ flags: Int32) throws(Failure) {
        defer { close(mount) }
        let target = try Self.check(.root, unsafe tacit_open_below(root, relative(path), Self.place | flags, 0, UInt64(TACIT_NO_LINKS)))
        defer { close(target) }
        try Self.check(.root, tacit_attach(mount, target))
    }

    private func relative(_ path: String) -> String { String(path.drop { $0 == "/" }) }

    private static func filesystem(
        _ type: String, _ options: [String], _ attributes: SandboxPlan.Attributes, stage: SandboxStage = .mounts
    ) throws(Failure) -> Int32 {
        let words = CStrings(options)
        return try check(
            stage,
            withExtendedLifetime(words) {
                unsafe words.withConstantPointers { unsafe tacit_new_filesystem(type, $0, attributes.rawValue) }
            })
    }

    @discardableResult
    private static func check(_ stage: SandboxStage, _ result: Int32) throws(Failure) -> Int32 {
        guard result >= 0 else { throw Failure(stage: stage, error: -result) }
        return result
    }
}
