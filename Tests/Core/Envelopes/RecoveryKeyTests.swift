import Envelopes
import Foundation
import Model
import Testing

@Suite("recovery keys")
struct RecoveryKeyTests {
    private let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    private func parse(_ text: [UInt8]) -> RecoveryKeyError? {
        do throws(RecoveryKeyError) {
            _ = try RecoveryKey(parsing: secret(text))
            return nil
        } catch {
            return error
        }
    }

    @Test("texts are read as the vectors say", arguments: [("recovery-key", 14), ("recovery-key-zero", 3)])
    func vectors(_ name: String, _ count: Int) throws {
        struct Table: Decodable {
            struct Case: Decodable { let text: String, expect: String, group: Int? }
            let key: String, text: String, cases: [Case]
        }
        let table = try Vectors.table(name, of: Table.self)
        let key = RecoveryKey.generate(random: giving(try bytes(table.key)))
        #expect(key.text() == secret(table.text))
        #expect(table.cases.count == count)
        for scenario in table.cases {
            #expect(outcome { _ = try RecoveryKey(parsing: secret(scenario.text)) } == scenario.expect, "\(scenario.text)")
            switch parse(Array(scenario.text.utf8)) {
            case nil: #expect(try RecoveryKey(parsing: secret(scenario.text)).text() == secret(table.text))
            case .mistyped(let group), .badCharacter(let group): #expect(group == scenario.group)
            case .wrongLength: #expect(scenario.group == nil)
            }
        }
    }

    @Test("every single wrong character is found, and its group named")
    func singleErrors() {
        let text = plain(RecoveryKey.generate().text())
        for position in text.indices where text[position] != UInt8(ascii: "-") {
            let group = position / 6 + 1
            for character in alphabet where character != text[position] {
                var changed = text
                changed[position] = character
                #expect(parse(changed) == .mistyped(group: group), "position \(position)")
            }
            for character in Array("U!é".utf8) {
                var changed = text
                changed[position] = character
                #expect(parse(changed) == .badCharacter(group: group), "position \(position)")
            }
        }
        #expect(parse(text) == nil)
    }

    @Test("any two exchanged characters of a group, and any two exchanged groups, are found")
    func exchanges() {
        let text = plain(RecoveryKey.generate().text())
        let groups = text.split(separator: UInt8(ascii: "-")).map(Array.init)
        for (index, group) in groups.enumerated() {
            for (first, second) in [(0, 1), (1, 2), (2, 3), (3, 4), (0, 2), (0, 3), (0, 4), (1, 3), (1, 4), (2, 4)]
            where group[first] != group[second] {
                var changed = groups
                changed[index].swapAt(first, second)
                #expect(parse(Array(changed.joined())) == .mistyped(group: index + 1))
            }
            for other in groups.indices.dropFirst(index + 1) {
                var changed = groups
                changed.swapAt(index, other)
                #expect(parse(Array(changed.joined())) == .mistyped(group: index + 1))
            }
        }
    }

    @Test("a missing or doubled character is found")
    func lengths() {
        let text = plain(RecoveryKey.generate().text())
        for position in text.indices where text[position] != UInt8(ascii: "-") {
            var short = text
            short.remove(at: position)
            #expect(parse(short) == .wrongLength(64))
            var long = text
            long.insert(text[position], at: position)
            #expect(parse(long) == .wrongLength(66))
        }
    }

    @Test("the text has thirteen groups of five, joined by dashes")
    func groups() throws {
        let groups = plain(RecoveryKey.generate().text()).split(separator: UInt8(ascii: "-"))
        #expect(groups.count == RecoveryKey.groupCount && groups.allSatisfy { $0.count == 5 })
    }

    @Test("parsing a text gives the key it was made of, for random keys")
    func roundTrip() throws {
        for _ in 0..<200 {
            let key = RecoveryKey.generate()
            #expect(try RecoveryKey(parsing: key.text()).text() == key.text())
        }
        #expect(RecoveryKey.generate().text() != RecoveryKey.generate().text())
    }

    @Test("errors name the group and repeat nothing that was typed")
    func messages() {
        #expect(RecoveryKeyError.mistyped(group: 3).message == "group 3 of the recovery key is mistyped")
        #expect(RecoveryKeyError.wrongLength(4).message == "the recovery key has 4 characters instead of 65")
    }
}
