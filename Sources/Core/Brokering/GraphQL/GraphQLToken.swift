import Policies

/// Nobody can say for sure what a GraphQL request asks for.
struct UnclearGraphQL: Error {}

/// A lexical token of GraphQL (October 2021, 2.1), as far as documents of operations have it.
enum GraphQLToken: Equatable {
    /// One of `! $ ( ) : = @ [ ] { }`.
    case mark(UInt8)
    /// `...`
    case spread
    case name(String)
    case number
    case text
    case end

    static func mark(_ character: Unicode.Scalar) -> GraphQLToken { .mark(UInt8(ascii: character)) }
}

/// Cuts a document into its tokens. What readers of different years cut in different ways is unclear: block strings, which once were three strings, what
/// Unicode calls the end of a line, controls, and letters outside of texts and comments.
struct GraphQLLexer {
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) throws(UnclearGraphQL) {
        let foreign: [[UInt8]] = [[0xC2, 0x85], [0xE2, 0x80, 0xA8], [0xE2, 0x80, 0xA9]]
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || Self.isBlank($0) }), !foreign.contains(where: { bytes.firstRange(of: $0) != nil }) else {
            throw UnclearGraphQL()
        }
        self.bytes = bytes
    }

    mutating func next() throws(UnclearGraphQL) -> GraphQLToken {
        skipIgnored()
        guard let byte = current else { return .end }
        switch byte {
        case UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ":"), UInt8(ascii: "="), UInt8(ascii: "@"),
            UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "}"):
            place += 1
            return .mark(byte)
        case UInt8(ascii: "."):
            guard bytes[place...].starts(with: "...".utf8) else { throw UnclearGraphQL() }
            place += 3
            return .spread
        case UInt8(ascii: "\""): return try text()
        default: return GraphQLOperation.isLetter(byte) ? name() : try number()
        }
    }

    private var current: UInt8? { place < bytes.count ? bytes[place] : nil }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

    private static func endsLine(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

    /// Blanks, commas and comments.
    private mutating func skipIgnored() {
        while let byte = current {
            if byte == UInt8(ascii: "#") {
                place = bytes[place...].firstIndex(where: Self.endsLine) ?? bytes.count
            } else if Self.isBlank(byte) || byte == UInt8(ascii: ",") {
                place += 1
            } else {
                return
            }
        }
    }

    private mutating func name() -> GraphQLToken {
        let start = place
        while let byte = current, GraphQLOperation.isLetter(byte) || GraphQLOperation.isDigit(byte) { place += 1 }
        return .name(String(decoding: bytes[start..<place], as: UTF8.self))
    }

    /// A number ends where no letter, digit or dot follows (2.9.1): what does, is none.
    private mutating func number() throws(UnclearGraphQL) -> GraphQLToken {
        if current == UInt8(ascii: "-") { place += 1 }
        try digits()
        if current == UInt8(ascii: ".") {
            place += 1
            try digits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            place += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { place += 1 }
            try digits()
        }
        if let byte = current, GraphQLOperation.isLetter(byte) || byte == UInt8(ascii: ".") { throw UnclearGraphQL() }
        return .number
    }

    private mutating func digits() throws(UnclearGraphQL) {
        let start = place
        while let byte = current, GraphQLOperation.isDigit(byte) { place += 1 }
        guard place > start else { throw UnclearGraphQL() }
    }

    private mutating func text() throws(UnclearGraphQL) -> GraphQLToken {
        guard !bytes[place...].starts(with: "\"\"\"".utf8) else { throw UnclearGraphQL() }
        place += 1
        while let byte = current, !Self.endsLine(byte) {
            place += 1
            if byte == UInt8(ascii: "\"") { return .text }
            if byte == UInt8(ascii: "\\") { try escape() }
        }
        throw UnclearGraphQL()
    }

    private mutating func escape() throws(UnclearGraphQL) {
        guard let byte = current, "\"\\/bfnrtu".utf8.contains(byte) else { throw UnclearGraphQL() }
        place += 1
    }
}
