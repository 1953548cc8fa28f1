/// An error that may be shown as it is: it holds only safe facts.
package protocol Diagnosable: Error, Sendable {
    /// A stable name, `area.reason`.
    var code: String { get }
    /// One sentence in lower case, naming the thing.
    var message: String { get }
    /// The next step, where there is one.
    var hint: String? { get }
}

extension Diagnosable {
    package var hint: String? { nil }
}
