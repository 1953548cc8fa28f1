import Model
import PlaintextDoor
import TestKit
import Testing

@testable import APIServer

@Suite("Multipart forms")
struct MultipartTests {
    private static let boundary = "tacit-boundary-1234"
    private static let type = "multipart/form-data; boundary=\(boundary)"

    private static func part(_ name: String, _ content: String) -> String {
        "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(content)\r\n"
    }
    private static let end = "--\(boundary)--\r\n"

    private func form(_ text: String, type: String? = type) throws -> Multipart { try Multipart(Array(text.utf8), contentType: type) }

    @Test(
        "a part holds exactly what was put into it",
        arguments: [
            "", "x", "\r\n", "\r\n\r\n", "--", "--tacit-boundary-1234", "\r\n--tacit-boundary-123", "\r\n--tacit-boundary-1233\r\n", "\r\r\n--",
            "\n--tacit-boundary-1234", "-", "\r",
        ])
    func contents(content: String) throws {
        let form = try form(Self.part("a", content) + Self.part("b", "other") + Self.end)
        #expect(form.bytes("a") == Array(content.utf8))
        #expect(form.bytes("b") == Array("other".utf8))
        #expect(form.value("a")?.byteCount == content.utf8.count)
        #expect(form.bytes("c") == nil && form.value("c") == nil)
        #expect(form.count == 2)
    }

    @Test("a form may be empty, and end without a line's end")
    func ends() throws {
        #expect(try form(Self.end).count == 0)
        #expect(try form("--\(Self.boundary)--").count == 0)
        #expect(try form(Self.part("a", "x") + "--\(Self.boundary)--").count == 1)
    }

    @Test("a part may say what it is")
    func contentType() throws {
        let text = "--\(Self.boundary)\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Type: application/json\r\n\r\n{}\r\n\(Self.end)"
        #expect(try form(text).bytes("a") == Array("{}".utf8))
    }

    @Test(
        "what is not exactly a form is refused",
        arguments: [
            ("", .malformed),
            ("x" + end, .malformed),
            (part("a", "x"), .malformed),
            (part("a", "x") + end + "x", .malformed),
            (part("a", "x") + "--\(boundary)x", .malformed),
            (part("a", "x") + part("a", "y") + end, .doubledPart),
            (part("", "x") + end, .malformed),
            (part("a\"b", "x") + end, .malformed),
            (part("a", "x\r\n--\(boundary)y") + end, .malformed),
            (part("a", "x\r\n--\(boundary)--") + end, .malformed),
            ("--\(boundary)\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n" + end, .malformed),
            ("--\(boundary)\r\nContent-Disposition: form-data; name=\"a\"; filename=\"f\"\r\n\r\nx\r\n" + end, .malformed),
            ("--\(boundary)\r\nContent-Disposition: form-data; name=\"a\"\r\nX-Other: y\r\n\r\nx\r\n" + end, .malformed),
            ("--\(boundary)\nContent-Disposition: form-data; name=\"a\"\n\nx\n--\(boundary)--\n", .malformed),
            (part(String(repeating: "n", count: 600), "x") + end, .malformed),
        ] as [(String, MultipartError)])
    func refusals(text: String, expected: MultipartError) { #expect(throws: expected) { try form(text) } }

    @Test(
        "a boundary is long, plain and unquoted",
        arguments: [
            nil, "", "application/json", "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=short",
            "multipart/form-data; boundary=\"tacit-boundary-1234\"", "multipart/form-data; boundary=tacit-boundary-1234; x=y",
            "multipart/form-data; boundary=tacit boundary 1234", "multipart/form-data; boundary=\(String(repeating: "b", count: 71))",
            "multipart/form-data; boundary=tacit-boundary-1234, multipart/form-data; boundary=tacit-boundary-1234",
        ] as [String?])
    func boundaries(type: String?) { #expect(throws: MultipartError.noBoundary) { try form(Self.end, type: type) } }

    @Test("random forms come back whole, and with one byte changed never as something longer")
    func fuzz() throws {
        let random = SeededRandom()
        let pieces = ["\r\n", "--", "\r", "\n", Self.boundary, "x", "\r\n--\(Self.boundary.dropLast())", "Content-Disposition", "\"", ""]
        for _ in 0..<400 {
            var parts: [(String, String)] = []
            for index in 0..<random.int(in: 0...4) {
                let content = (0..<random.int(in: 0...8)).compactMap { _ in random.element(of: pieces) }.joined()
                if !content.contains("\r\n--\(Self.boundary)"), !("\r\n" + content).contains("\r\n--\(Self.boundary)") {
                    parts.append(("p\(index)", content))
                }
            }
            var bytes = Array((parts.map { Self.part($0, $1) }.joined() + Self.end).utf8)
            let form = try Multipart(bytes, contentType: Self.type)
            #expect(form.count == parts.count)
            for (name, content) in parts { #expect(form.bytes(name) == Array(content.utf8)) }
            bytes[random.int(in: 0...(bytes.count - 1))] = UInt8(random.int(in: 0...255))
            if random.oneIn(2) { bytes.removeLast(random.int(in: 1...min(9, bytes.count))) }
            if let other = try? Multipart(bytes, contentType: Self.type) { #expect(other.count <= parts.count) }
        }
    }

    @Test("a form of 4 MiB of line ends is read in one go")
    func hostileContent() throws {
        let content = String(repeating: "\r\n--tacit-boundary-123", count: 200_000)
        #expect(try form(Self.part("a", content) + Self.end).bytes("a")?.count == content.utf8.count)
    }
}

@Suite("Paths and queries")
struct PathTextTests {
    @Test(
        "only the canonical target is a path",
        arguments: [
            ("/v1/status", true), ("/v1/status?a=b/", true), ("/v1/x%2Fy", true), ("/v1/status/", false), ("//v1/status", false),
            ("/v1//status", false),
            ("http://h/v1/status", false), ("*", false), ("", false), ("/", false), ("/v1/status#f", false), ("/v1/status?a#f", false),
        ])
    func canonical(target: String, isCanonical: Bool) { #expect(PathText.isCanonical(target) == isCanonical) }
}
