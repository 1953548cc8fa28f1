import CProcess
import Glibc

/// A copy of a program that nobody can change any more.
///
/// A file that its caller can write may change between the moment it was judged and the moment it is executed. Where its content decides, what is
/// judged and executed is this copy.
@safe
final class SealedCopy {
    let descriptor: Int32

    /// Nil when the file cannot be read, or is too large.
    init?(of file: OpenedFile) {
        descriptor = tacit_sealed_copy(file.descriptor)
        guard descriptor >= 0 else { return nil }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}
