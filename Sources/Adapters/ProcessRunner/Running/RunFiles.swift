import CProcess
import Glibc
import Model
import PlaintextDoor

/// The private files of a run, one for each value that its program has as a file: memory without a name in any directory, sealed against changes.
///
/// The program inherits them under fixed descriptors and opens them by its own path to those. There is nothing to remove: a file is gone with the last
/// process of the run, however that ends, and it was on no disk.
final class RunFiles {
    /// The descriptor of the first file in the program, above what programs and shells use of their own accord; the others follow.
    static let firstDescriptor: Int32 = 100

    /// The variables that hold the paths, in the order of the descriptors.
    private(set) var variables: [String] = []

    init(_ bindings: [RunBinding]) throws(RunRefusal) {
        for binding in bindings {
            guard case .file(let variable) = binding.target else { continue }
            do throws(InjectionError) { try InjectionPlan.check(variable) } catch { throw .injection(error) }
            let number = Self.firstDescriptor + Int32(variables.count)
            let made = binding.value.withPlaintext(PlaintextDoor()) { bytes in
                unsafe bytes.withUnsafeBytes { unsafe tacit_value_file($0.baseAddress, $0.count, number) }
            }
            guard made == number else {
                if made >= 0 { close(made) }
                throw .noFile(Errno(code: made >= 0 ? EMFILE : -made))
            }
            variables.append(variable)
        }
    }

    deinit { for index in variables.indices { close(Self.firstDescriptor + Int32(index)) } }

    /// How a program opens the file at a place in `variables`.
    static func path(_ index: Int) -> String { "/proc/self/fd/\(firstDescriptor + Int32(index))" }
}
