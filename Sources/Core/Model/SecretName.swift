/// The name of a secret: 1–256 characters, segments of `[A-Za-z0-9._-]` joined by `/`. Case matters.
package struct SecretName: Hashable, Sendable, Comparable, CustomStringConvertible {
    package static let maximumLength = 256

    package let description: String

    package init(_ text: some StringProtocol) throws(NameError) {
        guard !text.isEmpty else { throw .empty(.secret) }
        guard text.utf8.count <= Self.maximumLength else { throw .tooLong(.secret, maximum: Self.maximumLength) }
        for segment in text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            try NameRules.checkSegment(segment, of: .secret)
        }
        description = String(text)
    }

    /// The segments between slashes; never empty.
    package var segments: [Substring] { description.split(separator: "/") }

    package static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}

/// The name of an organization, project, environment, agent or field: one segment of `[A-Za-z0-9._-]`, 1–64 characters.
package struct SegmentName: Hashable, Sendable, Comparable, CustomStringConvertible {
    package static let maximumLength = 64

    package let description: String

    /// Checks a name; `thing` says in the error what is named.
    package init(_ text: some StringProtocol, of thing: NamedThing) throws(NameError) {
        guard !text.isEmpty else { throw .empty(thing) }
        guard text.utf8.count <= Self.maximumLength else { throw .tooLong(thing, maximum: Self.maximumLength) }
        try NameRules.checkSegment(text.utf8, of: thing)
        description = String(text)
    }

    package static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}

/// What a name names, for messages.
package enum NamedThing: String, Sendable {
    case secret, organization, project, environment, field, agent, tag, request, authenticator, token, entry, checkpoint

    /// The word with its article.
    package var oneOfThem: String { (rawValue.first.map { "aeiou".contains($0) } ?? false ? "an " : "a ") + rawValue }
}

/// Why a text is no name. It never repeats the text: a mistyped name may be a secret.
package enum NameError: Diagnosable, Equatable {
    case empty(NamedThing)
    case tooLong(NamedThing, maximum: Int)
    case badCharacter(NamedThing)
    case emptySegment(NamedThing)
    case dotSegment(NamedThing)

    package var code: String { "name.invalid" }

    package var message: String {
        switch self {
        case .empty(let thing): "the name of \(thing.oneOfThem) is empty"
        case .tooLong(let thing, let maximum): "the name of \(thing.oneOfThem) is longer than \(maximum) characters"
        case .badCharacter(.secret): "the name of a secret has a character outside A-Z a-z 0-9 . _ - /"
        case .badCharacter(let thing): "the name of \(thing.oneOfThem) has a character outside A-Z a-z 0-9 . _ -"
        case .emptySegment(let thing): "the name of \(thing.oneOfThem) has an empty segment"
        case .dotSegment(let thing): "the name of \(thing.oneOfThem) has a segment `.` or `..`"
        }
    }

    package var hint: String? {
        switch self {
        case .badCharacter(.secret), .emptySegment: "secret names look like `stripe/api-key`"
        default: nil
        }
    }
}

enum NameRules {
    static func checkSegment(_ segment: some Collection<UInt8>, of thing: NamedThing) throws(NameError) {
        guard !segment.isEmpty else { throw .emptySegment(thing) }
        guard segment.allSatisfy(isAllowed) else { throw .badCharacter(thing) }
        guard !segment.elementsEqual(".".utf8), !segment.elementsEqual("..".utf8) else { throw .dotSegment(thing) }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }
}
