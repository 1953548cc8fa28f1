import Model

/// The day, region and service that a signature is for.
struct SigningScope: Sendable, Equatable {
    let day: String
    let region: String
    let service: String

    /// What every scope ends with.
    static let end = "aws4_request"

    /// As it stands in what is signed.
    var text: String { "\(day)/\(region)/\(service)/\(Self.end)" }

    /// The parts of `DAY/REGION/SERVICE/aws4_request`; nil for anything else.
    init?(_ parts: some Collection<ArraySlice<UInt8>>) {
        let words = parts.map { String(decoding: $0, as: UTF8.self) }
        guard words.count == 4, words[3] == Self.end, words[0].utf8.count == 8, words[0].utf8.allSatisfy(\.isDigit) else { return nil }
        guard [words[1], words[2]].allSatisfy(Self.isWord) else { return nil }
        (day, region, service) = (words[0], words[1], words[2])
    }

    private static func isWord(_ word: String) -> Bool {
        (1...64).contains(word.utf8.count) && word.utf8.allSatisfy { TokenAlphabet.base36.contains($0) || $0 == UInt8(ascii: "-") }
    }

    /// Whether the service is Amazon S3 under one of its names: it signs a path as it is written, and takes bodies that nobody signed.
    var isStorage: Bool { Self.storage.contains(service) }

    private static let storage: Set<String> = ["s3", "s3-object-lambda", "s3-outposts", "s3express"]
}

/// The moment of a signature, `20130524T000000Z`.
struct SigningTime: Sendable, Equatable {
    let text: String
    let moment: Timestamp

    /// How far the clock of who signed may be off.
    static let tolerance = Duration.seconds(15 * 60)

    /// Nil for anything else than a moment in basic form of ISO 8601, in UTC, to the second.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == 16, bytes[8] == UInt8(ascii: "T") else { return nil }
        let part = { (range: Range<Int>) in String(decoding: bytes[range], as: UTF8.self) }
        let day = "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))"
        guard let moment = Timestamp(rfc3339: "\(day)T\(part(9..<11)):\(part(11..<13)):\(part(13..<16))") else { return nil }
        text = String(decoding: bytes, as: UTF8.self)
        self.moment = moment
    }

    var day: String { String(text.prefix(8)) }

    /// Whether a signature is good now; one with a life, in an address, to its end.
    func isFresh(now: Timestamp, life: Duration?) -> Bool {
        let age = now.duration(since: moment)
        return age >= .zero - Self.tolerance && age <= (life ?? Self.tolerance)
    }
}
