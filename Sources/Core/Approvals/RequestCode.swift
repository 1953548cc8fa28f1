import Crypto
package import Model

/// The short code that a person types to say which request is meant: six characters of a request's id and subject.
///
/// It is no secret. Typing it shows that the person looked at this request and not at another that took its place in the list.
package struct RequestCode: Sendable, Equatable, CustomStringConvertible {
    package static let length = 6
    /// Without letters and digits that are taken for each other.
    private static let alphabet = Array("23456789ABCDEFGHJKLMNPQRSTUVWXYZ".utf8)

    private let characters: [UInt8]

    package init(of id: AnyRecordID, _ request: ApprovalRequest) {
        var writer = CanonicalWriter(capacity: 128)
        writer.write("tacit/v1/request-code")
        writer.write(id)
        switch request.matter {
        case .use(let subject, _): writer.write(subject.digest)
        case .proposal(let proposal):
            // No scope is like the words before the program and the file: it has a slash.
            let program = (proposal.program.map { ["program", $0] } ?? []) + (proposal.file.map { ["file", $0] } ?? [])
            writer.write(list: program + [proposal.scope, proposal.capability ?? ""] + proposal.names) { $0.write($1) }
        }
        characters = SHA256.hash(data: writer.bytes).prefix(Self.length).map { Self.alphabet[Int($0) % Self.alphabet.count] }
    }

    /// Whether what a person typed is this code, in either case and with a dash where one likes.
    package func matches(_ typed: String) -> Bool {
        Array(typed.uppercased().utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: " ") }) == characters
    }

    /// Three characters, a dash, three characters.
    package var description: String {
        "\(String(decoding: characters.prefix(3), as: UTF8.self))-\(String(decoding: characters.suffix(3), as: UTF8.self))"
    }
}
