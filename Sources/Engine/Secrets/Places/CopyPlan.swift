package import Model

/// Secrets to be brought from one environment, or moment, into another: all of them or none.
package struct CopyWish: Sendable {
    package var from: PlaceMoment
    package var to: Scope
    /// Nil for all.
    package var names: [SecretName]?
    /// Whether secrets that the source has not are deleted.
    package var isExact: Bool
    /// The plan that a person was shown, of which nothing may have changed; nil to be shown it.
    package var approved: [CopyStep]?

    package init(from: PlaceMoment, to: Scope, names: [SecretName]? = nil, isExact: Bool = false, approved: [CopyStep]? = nil) {
        (self.from, self.to, self.names, self.isExact, self.approved) = (from, to, names, isExact, approved)
    }

    /// Whether an environment becomes what it was.
    var isRestore: Bool { from.scope == to }
}

/// What a copy does with one secret, and the versions that this was found at.
package struct CopyStep: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case create, overwrite, undelete, delete
        /// The same fields and values: nothing is written.
        case keep
        /// It is deleted where it would be written.
        case blocked
    }

    package var name: SecretName
    package var kind: Kind
    package var versions: Comparison.Sides<Int64>

    package init(name: SecretName, kind: Kind, versions: Comparison.Sides<Int64>) {
        (self.name, self.kind, self.versions) = (name, kind, versions)
    }
}

extension Comparison.Sides {
    package init(_ from: Part?, _ to: Part?) { (self.from, self.to) = (from, to) }
}

/// A copy as it is shown before it is made, and as it was made.
package struct CopyPlan: Sendable, Equatable {
    /// One step for each secret, with what differs of its fields.
    package struct Line: Sendable, Equatable {
        package var step: CopyStep
        package var fields: [Comparison.Field]
    }

    package var lines: [Line] = []
    package var isDone = false
    package var notices: [String] = []

    var steps: [CopyStep] { lines.map(\.step) }
}
