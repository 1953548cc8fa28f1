import Model
import Testing

@Suite("References")
struct ReferenceTests {
    struct ReferenceCase: Decodable, Sendable {
        let text: String
        let expect: String
        var scope: String?
        var name: String?
        var field: String?
        var version: Int?
        let why: String
    }

    @Test("every text of the table is a reference with these parts, or is refused for the reason written there")
    func vectors() throws {
        let cases = try VectorTable<ReferenceCase>.read("references.json")
        #expect(cases.filter { $0.expect != "ok" }.count >= 60)
        for vector in cases {
            do throws(ReferenceError) {
                let reference = try SecretReference(parsing: vector.text)
                #expect(vector.expect == "ok", "accepted: \(vector.why)")
                #expect(reference.scope?.description == vector.scope && reference.name.description == vector.name, "\(vector.why)")
                #expect(reference.field?.description == vector.field && reference.version == vector.version, "\(vector.why)")
                #expect(reference.description == vector.text, "prints as it was written: \(vector.why)")
            } catch {
                #expect(error.label == vector.expect, "\(vector.why)")
            }
        }
    }

    @Test("an error never repeats the text: it may be a value typed in the wrong place")
    func errorsAreSafe() {
        let canary = "CANARY-reference-6f1d !"
        for text in [canary, "NAME#\(canary)", "NAME?version=\(canary)", "NAME?\(canary)", "tacit://\(canary)", "tacit://p/\(canary)/n"] {
            #expect {
                try SecretReference(parsing: text)
            } throws: { error in
                guard let error = error as? ReferenceError else { return false }
                return !(error.message + (error.hint ?? "") + error.code + String(reflecting: error)).contains("CANARY")
            }
        }
    }

    @Test("what is printed reads back as the same reference")
    func roundTrip() throws {
        var generator = SeededGenerator()
        func segment() -> String {
            let text = String((0..<Int.random(in: 1...8, using: &generator)).compactMap { _ in "abcXYZ019._-".randomElement(using: &generator) })
            return [".", ".."].contains(text) ? "x" : text
        }
        for _ in 0..<2000 {
            var reference = SecretReference(
                name: try SecretName((0...Int.random(in: 0...3, using: &generator)).map { _ in segment() }.joined(separator: "/")))
            if Bool.random(using: &generator) { reference.scope = try Scope(parsing: "\(segment())/\(segment())") }
            if Bool.random(using: &generator) { reference.field = try SegmentName(segment(), of: .field) }
            if Bool.random(using: &generator) { reference.version = Int.random(in: 1...Int.max, using: &generator) }
            #expect(try SecretReference(parsing: reference.description) == reference, "seed \(generator.seed): \(reference)")
        }
    }

    @Test("a changed text is the reference that it prints as, or none")
    func changes() throws {
        var generator = SeededGenerator()
        let texts = try VectorTable<ReferenceCase>.read("references.json").map(\.text)
        var accepted = 0
        for _ in 0..<20_000 {
            let text = changed(try #require(texts.randomElement(using: &generator)), with: "aZ9._-/#?=:%&+ \t\n\0é\u{301}", &generator)
            guard let reference = try? SecretReference(parsing: text) else { continue }
            accepted += 1
            #expect(reference.description == text, "seed \(generator.seed)")
        }
        #expect(accepted > 100, "seed \(generator.seed)")
    }

    @Test("a scope is exactly two segments", arguments: ["", "/", "a", "a/", "/b", "a/b/c", "a/b/", "a//b", "../b", "a/..", "a b/c", "a/b\n"])
    func badScopes(text: String) {
        #expect(throws: ReferenceError.self) { try Scope(parsing: text) }
    }
}

extension ReferenceError {
    /// The reason as the table writes it.
    var label: String {
        switch self {
        case .name(let error): "name.\(error.label).\(error.thing)"
        case .noScope: "noScope"
        case .badVersion: "badVersion"
        case .unknownQuery: "unknownQuery"
        }
    }
}
