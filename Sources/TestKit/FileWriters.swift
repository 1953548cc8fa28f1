import Glibc

/// Whether some process has a file open for writing; it cannot be executed meanwhile. The kernel gives a lease to readers only where there is no
/// writer (`fcntl(2)`, `F_SETLEASE`).
package func hasWriter(_ path: String) throws -> Bool {
    let setLease: Int32 = 1024
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw TestFailure("\(path) cannot be opened (errno \(errno))") }
    defer { close(descriptor) }
    if fcntl(descriptor, setLease, Int32(F_RDLCK)) == 0 { return false }
    guard errno == EAGAIN else { throw TestFailure("no lease on \(path) (errno \(errno))") }
    return true
}

/// Waits until a program that this process wrote can be executed: children that other tests were starting while it was open for writing have it
/// open, too, until they run programs of their own.
package func awaitNoWriter(_ path: String) throws {
    for _ in 0..<30_000 {
        guard try hasWriter(path) else { return }
        usleep(1000)
    }
    throw TestFailure("\(path) stays open for writing")
}
