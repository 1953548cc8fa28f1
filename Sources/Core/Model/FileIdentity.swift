/// Which file it is, whatever its name. The number may be another file's once this one is gone and nobody holds it open.
package struct FileIdentity: Sendable, Equatable {
    package var device: UInt64
    package var inode: UInt64

    package init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }
}
