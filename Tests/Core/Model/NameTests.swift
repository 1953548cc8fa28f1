import Model
import Testing

@Suite("Names")
struct NameTests {
    struct NameCase: Decodable, Sendable {
        let thing: String
        let text: String
        let expect: String
        let why: String
    }

    @Test("every text of the table is a name, or is refused for the reason written there")
    func vectors() throws {
        let cases = try VectorTable<NameCase>.read("names.json")
        #expect(cases.count >= 100)
        for vector in cases {
            let thing = try #require(NamedThing(rawValue: vector.thing))
            #expect(verdict(vector.text, thing) == vector.expect, "\(thing): \(vector.why)")
        }
    }

    @Test("an error says what is wrong without repeating the text")
    func errorsAreSafe() throws {
        for vector in try VectorTable<NameCase>.read("names.json") where vector.text.utf8.count > 3 && vector.expect != "ok" {
            let thing = try #require(NamedThing(rawValue: vector.thing))
            do throws(NameError) {
                _ = thing == .secret ? try SecretName(vector.text).description : try SegmentName(vector.text, of: thing).description
            } catch {
                let said = error.message + (error.hint ?? "")
                #expect(!said.contains(vector.text) && said.contains(vector.thing) && error.code == "name.invalid")
            }
        }
    }

    @Test("names differ by case and sort by their bytes")
    func order() throws {
        let names = try ["b", "a/b", "a", "B", "a-b", "a.b", "a0", "_"].map { try SecretName($0) }
        #expect(names.sorted().map(\.description) == ["B", "_", "a", "a-b", "a.b", "a/b", "a0", "b"])
        #expect(try SecretName("KEY") != SecretName("key"))
        let segments = try ["b", "B", "a"].map { try SegmentName($0, of: .tag) }
        #expect(segments.sorted().map(\.description) == ["B", "a", "b"])
    }

    @Test("a name's segments are what stands between its slashes")
    func segments() throws {
        #expect(try SecretName("a/b.c/-").segments == ["a", "b.c", "-"])
        #expect(try SecretName("alone").segments == ["alone"])
    }

    @Test("whatever is accepted consists of allowed bytes only")
    func acceptedBytes() throws {
        var generator = SeededGenerator()
        let alphabet = Array("aZ09._-/ #?:%\\\u{301}é\0".unicodeScalars)
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/".utf8)
        var accepted = 0
        for _ in 0..<5000 {
            var text = ""
            for _ in 0..<Int.random(in: 0...6, using: &generator) {
                text.unicodeScalars.append(try #require(alphabet.randomElement(using: &generator)))
            }
            guard let name = try? SecretName(text) else { continue }
            accepted += 1
            #expect(name.description.utf8.allSatisfy(allowed.contains), "seed \(generator.seed)")
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            #expect(parts.allSatisfy { !["", ".", ".."].contains($0) }, "seed \(generator.seed)")
        }
        #expect(accepted > 100, "seed \(generator.seed)")
    }

    private func verdict(_ text: String, _ thing: NamedThing) -> String {
        do throws(NameError) {
            let printed = thing == .secret ? try SecretName(text).description : try SegmentName(text, of: thing).description
            return printed == text ? "ok" : "changed"
        } catch {
            guard error.thing == thing else { return "wrong thing" }
            return error.label
        }
    }
}

extension NameError {
    /// The reason as the tables write it.
    var label: String {
        switch self {
        case .empty: "empty"
        case .tooLong: "tooLong"
        case .badCharacter: "badCharacter"
        case .emptySegment: "emptySegment"
        case .dotSegment: "dotSegment"
        }
    }

    var thing: NamedThing {
        switch self {
        case .empty(let thing), .tooLong(let thing, _), .badCharacter(let thing), .emptySegment(let thing), .dotSegment(let thing): thing
        }
    }
}
