import Model
import TestKit
import Testing

@testable import Brokering

@Suite("bodies that come in signed chunks, or with a signed digest")
struct ChunkedBodyTests {
    private let random = SeededRandom()
    private let table: SignatureTable

    init() throws { table = try SignatureTable.read() }

    private func chunks(_ scenario: SignatureTable.Case) throws -> ChunkedBody {
        let claim = try SignatureClaim(scenario.before.head)
        let resigned = try claim.resigned(scenario.before.head, with: scenario.real.credential)
        return try #require(ChunkedBody(claim, shownBy: scenario.shown.pair, resigned))
    }

    /// What goes on of a body, and why not all of it does.
    private func passed(_ body: [UInt8], of scenario: SignatureTable.Case, atMost length: Int = 300) throws -> ([UInt8], SignatureRefusal?) {
        var chunks = try chunks(scenario)
        var pieces: [ChunkedBody.Piece] = []
        var refusal: SignatureRefusal?
        do throws(SignatureRefusal) {
            for piece in body.cut(by: random, atMost: length) { try chunks.pass(piece, into: &pieces) }
            try chunks.finish()
        } catch { refusal = error }
        return (pieces.flatMap(\.bytes), refusal)
    }

    private var all: [SignatureTable.Case] {
        table.cases("chunks") + table.cases("no chunk but the last") + table.cases("chunks and a checksum behind them")
            + table.cases("an upload in chunks without signatures")
    }

    @Test("the example of Amazon S3's documentation")
    func documented() throws {
        let fields = [
            ("Host", "s3.amazonaws.com"), ("x-amz-date", "20130524T000000Z"), ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            (
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
                    + "SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class,"
                    + "Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
            ), ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), ("Content-Encoding", "aws-chunked"),
            ("x-amz-decoded-content-length", "66560"), ("Content-Length", "66824"),
        ]
        let key = SignatureTable.Key(keyID: "AKIAIOSFODNN7EXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", sessionToken: nil)
        let head = SignableHead(
            method: "PUT", target: Array("/examplebucket/chunkObject.txt".utf8), fields: fields.map { ReceivedHead.Field($0, Array($1.utf8)) })
        let claim = try SignatureClaim(head)
        try claim.check(with: key.pair, now: claim.time.moment)
        var chunks = try #require(ChunkedBody(claim, shownBy: key.pair, claim.resigned(head, with: key.credential)))
        let body = [
            ("10000", 65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
            ("400", 1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
            ("0", 0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
        ].flatMap { size, count, signature in
            Array("\(size);chunk-signature=\(signature)\r\n".utf8) + [UInt8](repeating: UInt8(ascii: "a"), count: count) + Array("\r\n".utf8)
        }
        var pieces: [ChunkedBody.Piece] = []
        for piece in body.cut(by: random, atMost: 20_000) { try chunks.pass(piece, into: &pieces) }
        try chunks.finish()
        // The same key signs the same.
        #expect(body.count == 66824 && pieces.flatMap(\.bytes) == body)
    }

    @Test("however a body is cut, the same goes on")
    func segments() throws {
        for scenario in all {
            for length in [1, 2, 70, 300, 5000] {
                #expect(try passed(Array(scenario.before.body), of: scenario, atMost: length) == (Array(scenario.after.body), nil))
            }
        }
    }

    @Test("of a body with a flipped bit, nothing goes on from the chunk on in which it is")
    func flips() throws {
        for scenario in all where !scenario.name.contains("without signatures") {
            for _ in 0..<20 {
                var body = Array(scenario.before.body)
                let place = random.int(in: 0...(body.count - 1))
                body[place] ^= 1 << UInt8(random.int(in: 0...7))
                let (passed, refusal) = try passed(body, of: scenario)
                // The case of a size's digits is nobody's matter; it goes on as it came.
                guard refusal != nil else {
                    #expect(passed.map(\.lowercased) == Array(scenario.after.body).map(\.lowercased))
                    continue
                }
                #expect(Array(scenario.after.body).starts(with: passed) && passed.count <= place)
            }
        }
    }

    @Test("a body that is cut off, goes on behind its end, or is longer or shorter than it says, is refused")
    func lengths() throws {
        for scenario in all {
            let body = Array(scenario.before.body)
            #expect(try passed(body.dropLast(1), of: scenario).1 == .chunk)
            #expect(try passed(Array(body.prefix(body.count / 2)), of: scenario).1 == .chunk)
            #expect(try passed(body + [0x0D], of: scenario).1 == .chunk)
            #expect(try passed([], of: scenario).1 == .chunk)
        }
        let unsigned = try #require(table.cases("an upload in chunks without signatures").first)
        for text in ["300\r\n", "301\r\n", "0300\r\n", "300;x=y\r\n", "-1\r\n", "\r\n", "0\r\n\r\n", "300\n", " 300\r\n", "fffffffffffffffff\r\n"] {
            let refusal = try passed(Array(text.utf8), of: unsigned).1
            #expect(refusal == .chunk)
        }
    }

    @Test("a signed chunk is at most a mebibyte long, one without a signature as long as it likes")
    func longChunks() throws {
        let line = "100001;chunk-signature=\(String(repeating: "0", count: 64))\r\n"
        for scenario in table.cases("chunks") {
            var head = scenario.before.head
            head.set("x-amz-decoded-content-length", Array("99999999".utf8))
            let claim = try SignatureClaim(head)
            var chunks = try #require(ChunkedBody(claim, shownBy: scenario.shown.pair, claim.resigned(head, with: scenario.real.credential)))
            var pieces: [ChunkedBody.Piece] = []
            #expect(throws: SignatureRefusal.chunkTooLong) { try chunks.pass(Array(line.utf8), into: &pieces) }
        }
        let scenario = try #require(table.cases("an upload in chunks without signatures").first)
        var head = scenario.before.head
        head.set("x-amz-decoded-content-length", Array("99999999".utf8))
        let claim = try SignatureClaim(head)
        var chunks = try #require(ChunkedBody(claim, shownBy: scenario.shown.pair, claim.resigned(head, with: scenario.real.credential)))
        var pieces: [ChunkedBody.Piece] = []
        try chunks.pass(Array("5f5e0ff\r\nabc".utf8), into: &pieces)
        #expect(pieces == [.frame(Array("5f5e0ff\r\n".utf8)), .content(Array("abc".utf8))])
    }

    @Test("fields behind the last chunk are those that were announced, in their order, each once and signed")
    func trailers() throws {
        let scenario = try #require(table.cases("an upload in chunks without signatures").first)
        let body = String(decoding: Array(scenario.before.body).suffix(60), as: UTF8.self)
        let (lead, checksum) = try #require(
            body.split(separator: "\r\n0\r\n").last.map { (Array(scenario.before.body).dropLast($0.utf8.count), String($0)) })
        let line = String(checksum.dropLast(4))
        for tail in [
            "\r\n", "\(line)\r\n\(line)\r\n\r\n", "\(line)\r\nx-other: 1\r\n\r\n", "x-other:1\r\n\r\n", "\(line)\n\r\n", "no field\r\n\r\n",
            "\(line)\r\nx-amz-trailer-signature:\(String(repeating: "0", count: 64))\r\n\r\n",
        ] {
            let refusal = try passed(lead + Array(tail.utf8), of: scenario).1
            #expect(refusal == .trailer || refusal == .chunk, "\(tail)")
        }
        for scenario in table.cases("chunks and a checksum behind them") {
            let body = String(decoding: scenario.before.body.suffix(200), as: UTF8.self)
            let end = try #require(body.firstRange(of: "x-amz-trailer-signature")).lowerBound
            let cut = body[end...].utf8.count
            #expect(try passed(Array(scenario.before.body).dropLast(cut) + Array("\r\n".utf8), of: scenario).1 == .trailer)
        }
    }

    @Test("of a body with another digest its end never goes on")
    func digests() throws {
        let scenario = try #require(table.cases("an upload whose digest is signed").first)
        let payload = try SignatureClaim(scenario.before.head).payload
        for change in [{ $0 + [0] }, { Array($0.dropLast()) }, { [0] + $0.dropFirst() }] as [([UInt8]) -> [UInt8]] {
            let body = change(Array(scenario.before.body))
            var digested = try #require(DigestedBody(payload))
            var passed: [UInt8] = []
            for piece in body.cut(by: random, atMost: 3) { digested.pass(piece, into: &passed) }
            #expect(throws: SignatureRefusal.body) { try digested.finish(into: &passed) }
            #expect(body.starts(with: passed) && passed.count < body.count)
        }
        #expect(DigestedBody(.unsigned) == nil)
    }
}
