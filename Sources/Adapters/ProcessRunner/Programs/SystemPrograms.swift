import CProcess
import Glibc

/// Finds out whether an opened file is one of the system's programs that the accident guard knows, under another name.
struct SystemPrograms {
    /// Where system programs lie.
    static let searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// The name of the guarded program that the file is a link to or a copy of.
    func identity(of file: OpenedFile) -> String? {
        let resolver = ProgramResolver(searchPath: Self.searchPath, directory: -1)
        for name in AccidentGuard.deniedPrograms.union(AccidentGuard.multiCallPrograms).sorted() {
            guard let known = try? resolver.find(name), isSame(file, known) else { continue }
            return known.baseName
        }
        return nil
    }

    private func isSame(_ left: OpenedFile, _ right: OpenedFile) -> Bool {
        if left.inode == right.inode && left.device == right.device { return true }
        guard left.byteCount == right.byteCount, left.byteCount <= 4 << 20 else { return false }
        let bytes = left.header(left.byteCount)
        return !bytes.isEmpty && bytes == right.header(right.byteCount)
    }
}
