/// The first message of a TLS handshake, as far as it says which host the client wants (RFC 8446, 4.1.2 and 5.1; RFC 6066, 3).
package enum ClientHello {
    package enum Reading: Sendable, Equatable {
        /// More has to come.
        case incomplete
        /// It is none, or says whom it wants in a way that is not read here: twice, or sealed (Encrypted Client Hello).
        case unreadable
        /// The host's name; nil where none is said.
        case wants(String?)
    }

    /// No client says more at first.
    package static let maximumBytes = 64 << 10

    /// Reads what has come so far.
    ///
    /// - Parameter isOpenedHere: whether the handshake ends here, where nobody opens a sealed message: then what stands beside it counts, as where clients make one up
    ///   (GREASE).
    package static func reading(of bytes: [UInt8], openedHere isOpenedHere: Bool = false) -> Reading {
        do throws(Trouble) { return .wants(try name(in: try message(in: bytes), isOpenedHere)) } catch {
            return error == .incomplete ? .incomplete : .unreadable
        }
    }

    private enum Trouble: Error { case incomplete, unreadable }

    /// The message's content, which may be in several records. What stands in records behind it is no matter of ours: early data may.
    private static func message(in bytes: [UInt8]) throws(Trouble) -> [UInt8] {
        guard bytes.count <= maximumBytes else { throw .unreadable }
        var (rest, message) = (bytes[...], [UInt8]())
        while !rest.isEmpty {
            let head = Array(rest.prefix(5))
            // Of a handshake, and of a version that clients write there.
            guard head[0] == 22, head.count < 2 || head[1] == 3, head.count < 3 || head[2] <= 4 else { throw .unreadable }
            guard head.count == 5 else { throw .incomplete }
            let length = Int(head[3]) << 8 | Int(head[4])
            guard (1...(1 << 14)).contains(length) else { throw .unreadable }
            let isWhole = rest.count >= 5 + length
            message += rest.dropFirst(5).prefix(length)
            rest = rest.dropFirst(5 + length)
            guard message.first ?? 1 == 1 else { throw .unreadable }
            guard message.count >= 4 else { continue }
            let expected = 4 + (Int(message[1]) << 16 | Int(message[2]) << 8 | Int(message[3]))
            guard message.count <= expected, expected <= maximumBytes else { throw .unreadable }
            if message.count == expected, isWhole { return Array(message[4...]) }
        }
        throw .incomplete
    }

    private static let serverName = 0
    private static let encryptedHello = 0xFE0D

    private static func name(in message: [UInt8], _ isOpenedHere: Bool) throws(Trouble) -> String? {
        var fields = Fields(rest: message[...])
        // Version and random, session, cipher suites, compression methods.
        _ = try fields.take(34)
        for width in [1, 2, 1] { _ = try fields.vector(width) }
        guard !fields.isAtEnd else { return nil }
        var extensions = try fields.vector(2)
        guard fields.isAtEnd else { throw .unreadable }
        var (known, name): (Set<Int>, String?) = ([], nil)
        while !extensions.isAtEnd {
            let (kind, content) = (try extensions.number(2), try extensions.vector(2))
            guard known.insert(kind).inserted, isOpenedHere || kind != encryptedHello else { throw .unreadable }
            if kind == serverName { name = try host(in: content) }
        }
        return name
    }

    /// The one name of a list, of the one kind that there is.
    private static func host(in content: Fields) throws(Trouble) -> String {
        var content = content
        var list = try content.vector(2)
        guard content.isAtEnd, try list.number(1) == 0 else { throw .unreadable }
        let name = try list.vector(2).rest
        guard list.isAtEnd, !name.isEmpty, name.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .unreadable }
        return String(decoding: Array(name).lowercasedBytes, as: UTF8.self)
    }

    /// Reads fields one behind the other.
    private struct Fields {
        var rest: ArraySlice<UInt8>

        var isAtEnd: Bool { rest.isEmpty }

        mutating func take(_ count: Int) throws(Trouble) -> ArraySlice<UInt8> {
            guard rest.count >= count else { throw .unreadable }
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count)
        }

        mutating func number(_ width: Int) throws(Trouble) -> Int { try take(width).reduce(0) { $0 << 8 | Int($1) } }

        /// A field behind its length.
        mutating func vector(_ width: Int) throws(Trouble) -> Fields { Fields(rest: try take(try number(width))) }
    }
}
