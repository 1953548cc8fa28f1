/// A project and one of its environments.
struct Scope: Equatable, Sendable {
    var project: String
    var environment: String

    /// Where a command looks when nothing else is said.
    static let usual = Scope(project: "default", environment: "dev")

    /// `PROJECT/ENVIRONMENT`
    var text: String { "\(project)/\(environment)" }
}
