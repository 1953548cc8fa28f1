import CProcess
import Glibc
import Model
import Synchronization

/// The working directory of a run, opened, and the private directories that are made for it and removed after it.
final class RunDirectories {
    /// The working directory's descriptor.
    let working: Int32
    /// What the job named, as it was opened; nil for a private working directory.
    let named: FilePlace?
    /// A private, empty home; nil when the child has the real one.
    let home: String?
    private let base: String?
    private let isRemoved = Atomic(false)

    init(for job: RunJob) throws(RunRefusal) {
        let needsBase = job.home == .temporary || (job.directory == nil && job.asker == .agent)
        base = needsBase ? try Self.makeBase() : nil
        home = job.home == .temporary ? base.map { "\($0)/home" } : nil
        let ownWork = base.map { "\($0)/work" }
        for path in [home, ownWork].compactMap(\.self) { unsafe mkdir(path, 0o700) }
        let path = job.directory ?? ownWork ?? "/"
        // Who started this process as another user went there, as the person may, and nobody can lead it elsewhere now.
        let isThere = job.caller != nil && job.directory != nil
        let opened = unsafe tacit_open_directory(isThere ? "." : path)
        guard opened >= 0 else {
            if let base { _ = unsafe tacit_remove_tree(-1, base) }
            throw .noDirectory(path, Errno(code: -opened))
        }
        working = opened
        named = job.directory == nil ? nil : FilePlace(opened)
        guard job.directory != nil, named == nil else { return }
        // Nothing stands for a directory of which nothing can be told.
        if let base { _ = unsafe tacit_remove_tree(-1, base) }
        throw .noDirectory(path, Errno(code: EIO))
    }

    deinit { close(working) }

    /// Removes what was made for the run.
    func remove() {
        guard let base, !isRemoved.exchange(true, ordering: .relaxed) else { return }
        _ = unsafe tacit_remove_tree(-1, base)
    }

    /// Where private directories are made, and how their names begin; the id of the runner and six random characters follow.
    private static let parent = "/tmp"
    private static let prefix = "tacit-run-"

    /// Removes what a runner left that was killed: the directories of this user that carry its id.
    static func removeLeftovers(of runner: Int32) {
        guard let directory = unsafe opendir(parent) else { return }
        defer { unsafe closedir(directory) }
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            guard name.hasPrefix("\(prefix)\(runner).") else { continue }
            var status = stat()
            guard unsafe lstat("\(parent)/\(name)", &status) == 0, status.st_uid == geteuid() else { continue }
            _ = unsafe tacit_remove_tree(-1, "\(parent)/\(name)")
        }
    }

    /// Makes a directory that only this user can enter.
    private static func makeBase() throws(RunRefusal) -> String {
        var path = Array("\(parent)/\(prefix)\(getpid()).XXXXXX".utf8CString)
        let result = unsafe tacit_make_private_directory(&path)
        guard result == 0 else { throw .noPrivateDirectory(Errno(code: -result)) }
        return String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
