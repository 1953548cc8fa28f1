/// A version of the protocol that begins with the `initialize` handshake, oldest first.
package enum ProtocolVersion: String, Sendable, CaseIterable, Comparable {
    case november2024 = "2024-11-05"
    case march2025 = "2025-03-26"
    case june2025 = "2025-06-18"
    case november2025 = "2025-11-25"

    /// What is offered to a client that asks for a version unknown here.
    package static let latest = ProtocolVersion.november2025

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// The version to speak with a client that asked for one: never an error, never an echo of something unknown.
    static func negotiated(_ asked: String) -> Self { Self(rawValue: asked) ?? .latest }

    /// Batches came and went with one version.
    var hasBatches: Bool { self == .march2025 }
    var hasAnnotations: Bool { self >= .march2025 }
    var hasProgressMessages: Bool { self >= .march2025 }
    var hasAudio: Bool { self >= .march2025 }
    /// `title`, `outputSchema`, `structuredContent`, and `_meta` on tools.
    var hasStructuredContent: Bool { self >= .june2025 }
}
