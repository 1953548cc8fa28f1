package import Foundation

/// From when to when a session's certificates are valid.
package struct Validity: Sendable {
    let start: Date
    let end: Date

    /// A session's clock and its programs' are one machine's; an hour before makes room for one that was just set.
    package init(from now: Date, lasting seconds: TimeInterval) {
        start = now.addingTimeInterval(-3600)
        end = now.addingTimeInterval(seconds)
    }
}
