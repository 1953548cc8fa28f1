import Testing

@testable import Commands

@Suite("Templates with references")
struct InjectionTemplateTests {
    private static func template(_ text: String) throws -> InjectionTemplate { try InjectionTemplate(Array(text.utf8)) }

    @Test("references are found with any blanks around them, and everything else stays byte for byte")
    func found() throws {
        let text = "a: {{tacit://p/e/n}}\nb: {{ \ttacit://p/e/n/x#f?version=3 }}{{ .Values.x }} {{ name }} { { tacit://p/e/n } } {{tacit: x}}\n{{"
        let template = try Self.template(text)
        #expect(template.references == ["tacit://p/e/n", "tacit://p/e/n/x#f?version=3"])
        let joined = template.parts.map { part in
            switch part {
            case .text(let bytes): String(decoding: bytes, as: UTF8.self)
            case .reference(let text): "<\(text)>"
            }
        }.joined()
        #expect(
            joined == "a: <tacit://p/e/n>\nb: <tacit://p/e/n/x#f?version=3>{{ .Values.x }} {{ name }} { { tacit://p/e/n } } {{tacit: x}}\n{{")
    }

    @Test("bytes that are no text pass through") func bytes() throws {
        let bytes: [UInt8] = [0, 0xFF, 0xFE] + Array("{{ tacit://p/e/n }}".utf8) + [0xC3]
        #expect(try InjectionTemplate(bytes).parts == [.text([0, 0xFF, 0xFE]), .reference("tacit://p/e/n"), .text([0xC3])])
        #expect(try InjectionTemplate([]).parts.isEmpty)
    }

    @Test(
        "a reference that is begun and is none is an error with its line",
        arguments: [
            "{{ tacit:// }}", "{{ tacit://p/e }}", "{{ tacit://p/e/n }", "{{ tacit://p/e/n", "{{ tacit://p/e/n | base64 }}", "{{ tacit://p/e/../n }}",
            "{{ tacit://p/e/n#a#b }}", "{{ tacit://p/e/n?version=0 }}", "{{ tacit://p/e/n?v=1 }}", "{{ tacit://p/e/n\n}}", "{{ tacit://p//n }}",
        ])
    func malformed(text: String) {
        let error = #expect(throws: FormatError.self) { try Self.template("one\ntwo \(text)") }
        #expect(error?.code == "template.reference")
        #expect(error?.position == FilePosition(line: 2))
    }

    @Test("what was written as text and references reads back the same", arguments: 0..<200) func random(seed: Int) throws {
        var generator = SystemRandomNumberGenerator()
        let pieces = (0..<8).map { _ in
            ["{{ ", "}}", "{", "tacit://p/e/n", "\n", "x", " ", "{{ tacit://p/e/n#f }}", "{{tacit://a/b/c/d}}"].randomElement(using: &generator) ?? ""
        }
        let text = pieces.joined()
        guard let template = try? Self.template(text) else { return }
        let printed = template.parts.map { part in
            switch part {
            case .text(let bytes): String(decoding: bytes, as: UTF8.self)
            case .reference(let reference): "{{\(reference)}}"
            }
        }.joined()
        func squeezed(_ text: String) -> String { text.replacing(/\{\{[ \t]*(tacit:\/\/[a-z\/#]+)[ \t]*\}\}/) { "{{\($0.1)}}" } }
        #expect(printed == squeezed(text), "\(text)")
    }
}
