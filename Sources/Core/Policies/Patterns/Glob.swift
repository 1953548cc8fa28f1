/// A pattern over names. `*` stands for any characters of one segment, `**` for any characters at all, and `**/` at the start of a segment
/// for any number of whole segments, none included.
///
/// Matching reads each character once and keeps no stack, whatever the pattern.
package struct Glob: Sendable, Hashable, CustomStringConvertible {
    /// The longest pattern with a wildcard, in characters. A pattern without one is as long as a name may be.
    package static let maximumLength = 127

    package let description: String
    let subject: Subject
    /// The pattern as names are compared with it.
    let text: String
    /// Nil when the pattern has no wildcard and is one name.
    let program: GlobProgram?

    /// What the pattern's names are.
    package enum Subject: Sendable, CaseIterable {
        case secret, scope, agent, tag
        /// What an agent reports as its model. Upper and lower case are the same.
        case model
        /// An absolute path of a program.
        case program
        /// The name of a program, without its path.
        case programName
        /// The path of a request, in its canonical form.
        case path
    }

    /// Checks a pattern. One that no name of its subject can match is an error.
    package init(_ pattern: String, over subject: Subject) throws(GlobError) {
        description = pattern
        self.subject = subject
        guard !pattern.isEmpty else { throw .empty }
        guard pattern.utf8.allSatisfy(subject.allows) else { throw .badCharacter(subject) }
        guard !pattern.contains("***") else { throw .tooManyStars }
        guard let text = subject.normal(pattern) else { throw .neverMatches(subject) }
        self.text = text
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

    /// Whether it has no wildcard and is one name.
    var isName: Bool { program == nil }

    /// Says whether a name is one of the pattern's.
    package func matches(_ name: String) -> Bool {
        guard let name = subject.normal(name) else { return false }
        guard let program else { return name == text }
        return program.matches(name, readingForeign: subject.hasForeignNames)
    }

    /// Says whether every name that `other` matches is matched by this pattern too. A "no" may be wrong, for patterns made to be hard; a "yes" is not.
    package func covers(_ other: Glob) -> Bool {
        guard let otherProgram = other.program else { return matches(other.description) }
        guard text.utf8.count <= Self.maximumLength, !differsBeforeWildcards(from: other) else { return false }
        return (program ?? GlobProgram(text)).covers(otherProgram, over: subject)
    }

    /// Whether the two differ where neither has come to a wildcard yet, so that no name is matched by both. It spares most searches.
    private func differsBeforeWildcards(from other: Glob) -> Bool {
        for (byte, otherByte) in zip(text.utf8, other.text.utf8) {
            guard byte != UInt8(ascii: "*"), otherByte != UInt8(ascii: "*") else { return false }
            if byte != otherByte { return true }
        }
        return false
    }

    package static func == (left: Glob, right: Glob) -> Bool { left.description == right.description && left.subject == right.subject }

    package func hash(into hasher: inout Hasher) { hasher.combine(description) }
}

extension Glob.Subject {
    /// How many slashes a name of this subject has.
    var slashes: ClosedRange<Int> {
        switch self {
        case .secret, .model: 0...127
        case .program, .path: 0...2047
        case .scope: 1...1
        case .agent, .tag, .programName: 0...0
        }
    }

    /// The most characters a segment has, and a whole name.
    private var maximumLengths: (segment: Int, name: Int) {
        switch self {
        case .secret: (256, 256)
        case .scope: (64, 129)
        case .agent, .tag: (64, 64)
        case .model: (128, 128)
        case .program, .programName: (255, 4095)
        case .path: (CanonicalPath.maximumLength, CanonicalPath.maximumLength)
        }
    }

    /// Whether names have characters that no pattern can write; a wildcard stands for them.
    var hasForeignNames: Bool { self == .program || self == .programName }

    /// Whether a name may end in a slash, or be nothing but one.
    var endsInSlash: Bool { self == .path }

    /// A name or pattern as it is compared: models in lower case, programs and paths without the slash at the start; nil for what is no name here.
    func normal(_ name: String) -> String? {
        switch self {
        case .model: name.lowercased()
        case .program, .path: name.hasPrefix("/") ? String(name.dropFirst()) : nil
        case .secret, .scope, .agent, .tag, .programName: name
        }
    }

    /// Says whether a pattern may have this character.
    func allows(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "*"): true
        // What the names of models and files often have besides.
        case UInt8(ascii: " "), UInt8(ascii: "+"), UInt8(ascii: "@"), UInt8(ascii: ":"), UInt8(ascii: ","), UInt8(ascii: "="), UInt8(ascii: "~"),
            UInt8(ascii: "%"), UInt8(ascii: "("), UInt8(ascii: ")"):
            self == .model || self == .program || self == .programName || self == .path && byte != UInt8(ascii: " ")
        default: self == .path && CanonicalPath.isLiteral(byte)
        }
    }

    /// Says whether the fixed parts of a pattern fit into names: no empty, `.` or `..` segment, nothing too long.
    ///
    /// What wildcards make of the number of slashes is not judged here.
    func allows(segmentsOf pattern: String) -> Bool {
        let segments = pattern.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard pattern.contains("*") || slashes.contains(segments.count - 1) else { return false }
        let fixed = segments.map { segment in segment.count { $0 != UInt8(ascii: "*") } }
        guard fixed.reduce(segments.count - 1, +) <= maximumLengths.name, fixed.allSatisfy({ $0 <= maximumLengths.segment }) else { return false }
        if self == .path { return CanonicalPath.allows(segmentsOf: pattern) }
        return segments.allSatisfy { !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8) }
    }
}

/// Why a text is no pattern.
package enum GlobError: Error, Equatable, Sendable {
    case empty
    case badCharacter(Glob.Subject)
    case tooManyStars
    case tooLong
    case neverMatches(Glob.Subject)
}
