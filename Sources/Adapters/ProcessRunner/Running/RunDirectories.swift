import CProcess
import Glibc
import Synchronization

/// The working directory of a run, opened, and the private directories that are made for it and removed after it.
final class RunDirectories {
    /// The working directory's descriptor.
    let working: Int32
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
        let opened = unsafe tacit_open_directory(path)
        guard opened >= 0 else {
            if let base { _ = unsafe tacit_remove_tree(-1, base) }
            throw .noDirectory(path, Errno(code: -opened))
        }
        working = opened
    }

    deinit { close(working) }

    /// Removes what was made for the run.
    func remove() {
        guard let base, !isRemoved.exchange(true, ordering: .relaxed) else { return }
        _ = unsafe tacit_remove_tree(-1, base)
    }

    /// Makes a directory that only this user can enter.
    private static func makeBase() throws(RunRefusal) -> String {
        var path = Array("/tmp/tacit-run-XXXXXX".utf8CString)
        let result = unsafe tacit_make_private_directory(&path)
        guard result == 0 else { throw .noPrivateDirectory(Errno(code: -result)) }
        return String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
