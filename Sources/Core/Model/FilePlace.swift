/// Where a file or directory lay when it was opened, and which it was: another one that is put under its path is not this one.
package struct FilePlace: Sendable, Equatable {
    /// After every link.
    package var path: String
    package var device: Int64
    package var inode: Int64

    package init(path: String, device: Int64, inode: Int64) {
        self.path = path
        self.device = device
        self.inode = inode
    }
}
