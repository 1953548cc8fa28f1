/// A version of the protocol, oldest first. All but the last begin with the `initialize` handshake; the last keeps nothing between requests.
package enum ProtocolVersion: String, Sendable, CaseIterable, Comparable {
    case november2024 = "2024-11-05"
    case march2025 = "2025-03-26"
    case june2025 = "2025-06-18"
    case november2025 = "2025-11-25"
    case july2026 = "2026-07-28"

    /// What is offered in a handshake to a client that asks for a version that has none, or is unknown here.
    package static let latestWithHandshake = ProtocolVersion.november2025

    /// Every version that is served, newest first.
    static let served = JSONValue.array(allCases.reversed().map { .string($0.rawValue) })

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// The version to speak after a handshake that asked for one: never an error, never an echo of something unknown.
    static func negotiated(_ asked: String) -> Self {
        guard let version = Self(rawValue: asked), !version.isStateless else { return .latestWithHandshake }
        return version
    }

    /// Every request says its version and what its client can do; there is no handshake, and the server asks by answering `input_required`.
    package var isStateless: Bool { self >= .july2026 }
    /// Batches came and went with one version.
    var hasBatches: Bool { self == .march2025 }
    var hasAnnotations: Bool { self >= .march2025 }
    var hasProgressMessages: Bool { self >= .march2025 }
    var hasAudio: Bool { self >= .march2025 }
    /// `title`, `outputSchema`, `structuredContent`, and `_meta` on tools.
    var hasStructuredContent: Bool { self >= .june2025 }
    var hasForms: Bool { self >= .june2025 }
    /// Forms with several choices in one field, and pages that a person opens.
    package var hasFormModes: Bool { self >= .november2025 }
}
