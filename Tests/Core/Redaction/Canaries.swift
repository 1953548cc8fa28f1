import Foundation
import Model
import Redaction

/// How many times more than usual the random tests try; a soak run asks for more.
let soak = ProcessInfo.processInfo.environment["TACIT_SOAK"].flatMap(Int.init) ?? 1

/// In how many places a soak cuts random streams, at least.
let wantedCuts = ProcessInfo.processInfo.environment["TACIT_CUTS"].flatMap(Int.init) ?? 0

/// A generator that repeats: property tests print its seed with every failure.
struct SeededGenerator: RandomNumberGenerator {
    let seed: UInt64
    private var state: UInt64

    /// The same texts each time; others in the soak, and for each `number`.
    init(number: UInt64 = 0) { self.init(seed: soak > 1 ? .random(in: .min ... .max) : 0x7461_6369_7400 &+ number) }

    init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    // SplitMix64 (Steele, Lea, Flood 2014).
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func bytes(_ count: Int, from alphabet: [UInt8]) -> [UInt8] {
        (0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &self)] }
    }

    /// A text in pieces of one byte to so many.
    mutating func chunks(of text: [UInt8], atMost most: Int) -> [[UInt8]] {
        var (chunks, start) = ([[UInt8]](), 0)
        while start < text.count {
            let end = min(start + Int.random(in: 1...most, using: &self), text.count)
            chunks.append(Array(text[start..<end]))
            start = end
        }
        return chunks
    }
}

/// Names and values of a needle set, in order.
typealias Values = [(name: String, bytes: [UInt8])]

func values(_ texts: KeyValuePairs<String, String>) -> Values { texts.map { ($0.key, Array($0.value.utf8)) } }

func needleSet(_ values: Values, views: RedactionViews = .all) -> NeedleSet {
    NeedleSet(values.map { Needle(name: $0.name, value: unsafe SecretValue(copying: $0.bytes.span.bytes)) }, views: views)
}

func needleSet(_ texts: KeyValuePairs<String, String>) -> NeedleSet { needleSet(values(texts)) }

extension Redactor {
    /// What comes out when these bytes come in.
    mutating func taking(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        unsafe redact(bytes.span.bytes, into: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// What comes out when the stream pauses, or ends.
    mutating func pausing(isEnd: Bool = false) -> String {
        var output: [UInt8] = []
        if isEnd { finish(into: &output) } else { idle(into: &output) }
        return String(decoding: output, as: UTF8.self)
    }
}

struct Redacted: Equatable {
    var output: [UInt8]
    var report: RedactionReport
}

/// The output and the report of a stream that arrives in these chunks.
func redacted(_ chunks: [[UInt8]], by set: NeedleSet, mode: Redactor.Mode = .person, endingAt ends: StreamEnds = []) -> Redacted {
    var redactor = Redactor(set, mode: mode, endingAt: ends)
    var output: [UInt8] = []
    for chunk in chunks { unsafe redactor.redact(chunk.span.bytes, into: &output) }
    redactor.finish(into: &output)
    return Redacted(output: output, report: redactor.report)
}

func redacted(_ text: String, by set: NeedleSet) -> String {
    String(decoding: redacted([Array(text.utf8)], by: set).output, as: UTF8.self)
}

func redacted(_ bytes: [UInt8], by set: NeedleSet) -> [UInt8] { redacted([bytes], by: set).output }

func shown(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self).debugDescription }
