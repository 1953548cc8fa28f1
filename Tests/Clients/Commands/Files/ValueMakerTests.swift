import TacitWire
import Testing

@testable import Commands

/// Values that are made, and what kinds of secrets have to look like.
@Suite struct ValueMakerTests {
    private func made(_ maker: ValueMaker, _ count: Int = 200) -> [String] {
        var random = SystemRandomNumberGenerator()
        return (0..<count).map { _ in String(decoding: maker.make(using: &random).bytes, as: UTF8.self) }
    }

    @Test("values have the length and the characters that were asked for, all of them, and never those that are left out") func characters() throws {
        for (name, characters) in ValueMaker.alphabets {
            let maker = try ValueMaker(length: 40, alphabet: characters, without: "0O")
            let values = made(maker)
            let used = Set(values.joined())
            #expect(values.allSatisfy { $0.count == 40 } && Set(values).count == values.count, "\(name)")
            #expect(used == Set(characters).subtracting("0O"), "\(name)")
        }
        #expect(try ValueMaker(length: 32, alphabet: "abcdef0123456789", without: "").bits == 128)
        #expect(try ValueMaker(length: 10, alphabet: "aabb", without: "").bits == 10, "a character that is named twice counts once")
    }

    @Test("words come from a list of 2,048, no two of which begin alike") func words() throws {
        #expect(WordList.words.count == 2048 && Set(WordList.words.map { $0.prefix(4) }).count == 2048)
        let maker = try ValueMaker(words: 6, separator: "-")
        #expect(maker.bits == 66)
        let values = made(maker)
        #expect(Set(values).count == values.count)
        #expect(
            values.allSatisfy { $0.split(separator: "-").count == 6 && $0.split(separator: "-").allSatisfy { WordList.words.contains(String($0)) } })
    }

    @Test("what cannot be made is refused") func refused() throws {
        for alphabet in ["", "a", "aaaa", "äö", "a b", "a\n"] {
            #expect(throws: CommandFailure.self) { try ValueMaker(length: 10, alphabet: alphabet, without: "") }
        }
        #expect(throws: CommandFailure.self) { try ValueMaker(length: 10, alphabet: "ab", without: "b") }
        for length in [-1, 0, 3, 4097] { #expect(throws: CommandFailure.self) { try ValueMaker(length: length, alphabet: "abc", without: "") } }
        for count in [0, 2, 65] { #expect(throws: CommandFailure.self) { try ValueMaker(words: count, separator: "-") } }
        #expect(throws: CommandFailure.self) { try ValueMaker(words: 4, separator: "\u{1B}[0m") }
    }

    private func part(_ name: String, _ value: String, _ plain: Bool = false) -> SetFields.Part {
        .init(summary: .init(name: name, kind: plain ? .plain : .secret), value: WipedBytes(Array(value.utf8)))
    }

    @Test("a template adds what is usual and binds its fields; what is missing, strange or malformed is refused") func templates() throws {
        let database = try SecretTemplate.named("database")
        let given = [part("password", "CANARY-db"), part("user", "app", true), part("database", "shop", true)]
        let parts = try database.completed(given, on: nil, naming: "a")
        #expect(parts.map(\.summary.name) == ["password", "user", "database", "host", "port"])
        #expect(database.bindings(of: parts)?.map(\.variable) == ["PGHOST", "PGPORT", "PGDATABASE", "PGUSER", "PGPASSWORD"])
        for wrong in [
            part("port", "0", true), part("port", "65536", true), part("port", "x", true), part("host", "a b", true), part("host", "", true),
        ] {
            #expect(throws: CommandFailure.self) { try database.completed(given + [wrong], on: nil, naming: "a") }
        }
        #expect(throws: CommandFailure.self) { try database.completed(Array(given.dropLast()), on: nil, naming: "a") }
        #expect(throws: CommandFailure.self) { try database.completed(given + [part("extra", "x")], on: nil, naming: "a") }
        #expect(throws: CommandFailure.self) { try database.completed([part("user", "app")] + given.dropFirst(), on: nil, naming: "a") }
        let login = try SecretTemplate.named("login")
        #expect(try login.completed([part("user", "ada", true), part("password", "CANARY-x")], on: nil, naming: "a").count == 2)
        let ssh = try SecretTemplate.named("ssh")
        #expect(throws: CommandFailure.self) { try ssh.completed([part("private_key", "ssh-ed25519 AAAA")], on: nil, naming: "a") }
        #expect(try ssh.completed([part("private_key", "-----BEGIN OPENSSH PRIVATE KEY-----\nCANARY\n")], on: nil, naming: "a").count == 1)
        #expect(throws: CommandFailure.self) { try ssh.checkSource(nil, isTyped: true) }
        #expect(throws: CommandFailure.self) { try SecretTemplate.named("card") }
    }
}
