/// What a GraphQL request asks of a service at the root: `query viewer`, `mutation createIssue`; in a rule also `query *`, for all of a kind.
package struct GraphQLOperation: Sendable, Hashable, CustomStringConvertible {
    package let kind: Kind
    /// The field's own name, not the one that the answer has it under; `*` in rules alone.
    package let field: String

    package enum Kind: String, CaseIterable, Sendable {
        case query, mutation, subscription
    }

    /// More than so many are asked for by no request that is judged.
    package static let most = 64
    package static let longestField = 128

    /// Nil for what is no name of GraphQL, which is the star, too.
    package init?(_ kind: Kind, field: String) {
        guard Self.isName(field) else { return nil }
        (self.kind, self.field) = (kind, field)
    }

    /// Reads a kind, one space and a name or `*`, as rules have it.
    package init?(parsing text: String) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard words.count == 2, let kind = Kind(rawValue: words[0]), words[1] == "*" || Self.isName(words[1]) else { return nil }
        (self.kind, field) = (kind, words[1])
    }

    package var description: String { "\(kind.rawValue) \(field)" }

    /// Says whether it stands for another one, or for itself.
    func covers(_ other: GraphQLOperation) -> Bool { kind == other.kind && (field == "*" || field == other.field) }

    /// One for which it stands.
    var example: GraphQLOperation { field == "*" ? GraphQLOperation(kind, field: "example") ?? self : self }

    /// A name (GraphQL, 2.1.9).
    private static func isName(_ text: String) -> Bool {
        (1...longestField).contains(text.utf8.count) && text.utf8.first.map { !isDigit($0) } == true
            && text.utf8.allSatisfy { isDigit($0) || isLetter($0) }
    }

    package static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    package static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || byte == UInt8(ascii: "_")
    }
}

extension [GraphQLOperation] {
    /// Whether one of them stands for it.
    func cover(_ operation: GraphQLOperation) -> Bool { contains { $0.covers(operation) } }
}
