/// What a command's exit code says.
package enum ExitStatus: Int32, Sendable, CaseIterable {
    case done = 0
    case failed = 1
    case usage = 2
    case notFound = 3
    case denied = 4
    case locked = 5

    /// The line of the help page.
    var meaning: String {
        switch self {
        case .done: "done"
        case .failed: "something failed; the message says what"
        case .usage: "the command line, a name or a file is not as it must be"
        case .notFound: "no such secret, field, version, project, environment, agent or vault"
        case .denied: "denied: a person must be asked, or the password is wrong"
        case .locked: "the vault is locked"
        }
    }

    /// The status of a problem that the keeper answered.
    init(httpStatus: Int) {
        self =
            switch httpStatus {
            case 400: .usage
            case 401, 403, 429: .denied
            case 404: .notFound
            case 423: .locked
            default: .failed
            }
    }
}
