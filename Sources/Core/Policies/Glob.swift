/// A pattern over names. `*` stands for any characters of one segment, `**` for any characters at all, and `**/` at the start of a segment
/// for any number of whole segments, none included.
///
/// Matching reads each character once and keeps no stack, whatever the pattern.
package struct Glob: Sendable, Hashable, CustomStringConvertible {
    /// The longest pattern with a wildcard, in characters. A pattern without one is as long as a name may be.
    package static let maximumLength = 127

    package let description: String
    let subject: Subject
    /// Nil when the pattern has no wildcard and is one name.
    let program: GlobProgram?

    /// What the pattern's names are.
    package enum Subject: Sendable {
        case secret, scope, agent
    }

    /// Checks a pattern. One that no name of its subject can match is an error.
    package init(_ text: String, over subject: Subject) throws(GlobError) {
        description = text
        self.subject = subject
        guard !text.isEmpty else { throw .empty }
        guard text.utf8.allSatisfy(Self.isAllowed) else { throw .badCharacter }
        guard !text.contains("***") else { throw .tooManyStars }
        guard subject.allows(segmentsOf: text) else { throw .neverMatches(subject) }
        guard text.contains("*") else {
            program = nil
            return
        }
        guard text.utf8.count <= Self.maximumLength else { throw .tooLong }
        let program = GlobProgram(text)
        guard program.hasMatch(over: subject) else { throw .neverMatches(subject) }
        self.program = program
    }

    /// Says whether a name is one of the pattern's.
    package func matches(_ name: String) -> Bool {
        guard let program else { return name == description }
        return program.matches(name)
    }

    /// Says whether every name that `other` matches is matched by this pattern too. A "no" may be wrong, for patterns made to be hard; a "yes" is not.
    package func covers(_ other: Glob) -> Bool {
        guard let otherProgram = other.program else { return matches(other.description) }
        guard description.utf8.count <= Self.maximumLength, !differsBeforeWildcards(from: other) else { return false }
        return (program ?? GlobProgram(description)).covers(otherProgram, over: subject)
    }

    /// Whether the two differ where neither has come to a wildcard yet, so that no name is matched by both. It spares most searches.
    private func differsBeforeWildcards(from other: Glob) -> Bool {
        for (byte, otherByte) in zip(description.utf8, other.description.utf8) {
            guard byte != UInt8(ascii: "*"), otherByte != UInt8(ascii: "*") else { return false }
            if byte != otherByte { return true }
        }
        return false
    }

    package static func == (left: Glob, right: Glob) -> Bool { left.description == right.description && left.subject == right.subject }

    package func hash(into hasher: inout Hasher) { hasher.combine(description) }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "*"): true
        default: false
        }
    }
}

extension Glob.Subject {
    /// How many slashes a name of this subject has.
    var slashes: ClosedRange<Int> {
        switch self {
        case .secret: 0...127
        case .scope: 1...1
        case .agent: 0...0
        }
    }

    /// Says whether the fixed parts of a pattern fit into names: no empty, `.` or `..` segment, nothing too long.
    ///
    /// What wildcards make of the number of slashes is not judged here.
    func allows(segmentsOf pattern: String) -> Bool {
        let segments = pattern.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard pattern.contains("*") || slashes.contains(segments.count - 1) else { return false }
        let fixed = segments.map { segment in segment.count { $0 != UInt8(ascii: "*") } }
        guard self == .secret ? fixed.reduce(segments.count - 1, +) <= 256 : fixed.allSatisfy({ $0 <= 64 }) else { return false }
        return segments.allSatisfy { !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8) }
    }
}

/// Why a text is no pattern.
package enum GlobError: Error, Equatable, Sendable {
    case empty
    case badCharacter
    case tooManyStars
    case tooLong
    case neverMatches(Glob.Subject)
}
