import Brokering
import Model
import Redaction

/// The body of a reply on its way to the agent: unpacked, then searched for values.
struct ReplyBody: ~Copyable {
    private var unpacking: Unpacking
    private var redactor: Redactor
    private let values: HeldValues
    private let opener: any MemberOpener
    /// Whom it is from, and whether the policy lets data pass that nobody can look into.
    private let source: (origin: Brokering.Origin, passes: Bool)
    /// Of the values that the redactor knows.
    private var generation: Int
    /// What was found before the redactor began.
    private var earlier: [RedactionReport.Count] = []

    /// How much is searched at once of what was held back, and how much is unpacked, or a little more.
    private static let portion = 64 << 10
    private static let mostAtOnce = 1 << 20

    /// Nil for a coding that nobody here looks into.
    init?(
        _ coding: JudgedReply.Coding, from origin: Brokering.Origin, _ values: HeldValues, _ opener: any MemberOpener, passing passesUnscanned: Bool
    ) {
        guard let unpacking = Unpacking(coding, opener) else { return nil }
        let (needles, generation) = values.needles
        (self.unpacking, self.values, self.opener, self.generation) = (unpacking, values, opener, generation)
        source = (origin, passesUnscanned)
        redactor = Self.redactor(needles, source, values, opener)
    }

    private static func redactor(
        _ needles: NeedleSet, _ source: (origin: Brokering.Origin, passes: Bool), _ values: HeldValues, _ opener: any MemberOpener
    ) -> Redactor {
        Redactor(needles, mode: .agent, endingAt: ends(source, values), answers: values.answers, opening: opener)
    }

    /// Archives and images pass from a service that was sent no value: it has none to pack. From another they end where something packed begins that cannot be opened.
    private static func ends(_ source: (origin: Brokering.Origin, passes: Bool), _ values: HeldValues) -> StreamEnds {
        source.passes || !values.haveGone(to: source.origin) ? .guessable : [.compressed, .guessable]
    }

    var report: RedactionReport {
        var report = redactor.report
        report.counts = earlier + report.counts
        return report
    }

    /// Takes bytes as they came and appends what may be seen of them. A few packed ones can stand for gigabytes: where it stopped before it was through,
    /// it says how many it took, and wants the rest once there is room again.
    mutating func take(_ bytes: RawSpan, into output: inout [UInt8]) throws(ReplyRefusal) -> Int? {
        switch unpacking {
        case .none:
            takePlain(bytes, into: &output)
            return nil
        case .member(let reading):
            if values.generation != generation { renew() }
            return try reading.read(bytes, giving: Self.mostAtOnce) { piece in redact(piece, into: &output) }
        }
    }

    /// Takes bytes that are packed in nothing, all at once.
    mutating func takePlain(_ bytes: RawSpan, into output: inout [UInt8]) {
        if values.generation != generation { renew() }
        redact(bytes, into: &output)
    }

    /// Whether nothing more of it may be seen.
    var hasStopped: Bool { redactor.hasStopped }

    /// Nothing came for a while: who waits for the answer sees what there is of it.
    mutating func idle(into output: inout [UInt8]) { redactor.idle(into: &output) }

    /// A message of it is whole: all of it goes on now, and what comes next is still seen together with it. Something packed that is not whole by then is not
    /// waited for.
    mutating func endMessage(into output: inout [UInt8]) {
        redactor.idle(into: &output)
        guard redactor.isHolding, !redactor.hasStopped else { return }
        redactor.finish(into: &output)
        catchUp(into: &output)
        guard !redactor.hasStopped else { return }
        earlier += redactor.report.counts
        let (needles, generation) = values.needles
        self.generation = generation
        redactor = Self.redactor(needles, source, values, opener)
    }

    /// The body came to its end.
    mutating func finish(into output: inout [UInt8]) throws(ReplyRefusal) {
        if case .member(let reading) = unpacking { try reading.finish() }
        redactor.finish(into: &output)
        catchUp(into: &output)
    }

    /// Goes on with the values that were released since it began: the reply may hold them from here on.
    private mutating func renew() {
        let (needles, generation) = values.needles
        self.generation = generation
        redactor.know(needles, endingAt: Self.ends(source, values))
    }

    private mutating func redact(_ bytes: RawSpan, into output: inout [UInt8]) {
        redactor.redact(bytes, into: &output)
        catchUp(into: &output)
    }

    private mutating func catchUp(into output: inout [UInt8]) {
        while redactor.isBehind { redactor.catchUp(Self.portion, into: &output) }
    }
}

/// How a body is unpacked.
enum Unpacking {
    case none
    case member(PackedBody)

    init?(_ coding: JudgedReply.Coding, _ opener: any MemberOpener) {
        let format: MemberFormat
        switch coding {
        case .identity:
            self = .none
            return
        case .gzip: format = .gzip
        case .deflate: format = .zlib
        case .zstandard: format = .zstd
        case .brotli: format = .brotli
        }
        guard let body = PackedBody(format, opener) else { return nil }
        self = .member(body)
    }
}

/// A body that is one compressed member, or several behind each other.
final class PackedBody {
    private let format: MemberFormat
    private let opener: any MemberOpener
    private var reader: (any MemberReader)?
    private var room = [UInt8](repeating: 0, count: 64 << 10)
    private var decoded = 0

    /// A body that unpacks to more is a bomb.
    private static let mostBytes = 1 << 30

    init?(_ format: MemberFormat, _ opener: any MemberOpener) {
        guard let reader = opener.reader(of: format) else { return nil }
        (self.format, self.opener, self.reader) = (format, opener, reader)
    }

    deinit { unsafe room.withUnsafeMutableBytes { unsafe $0.wipe() } }

    /// Unpacks bytes, until they have given so much; how many were taken then, or nil once all were and there is no more to give.
    func read(_ bytes: RawSpan, giving most: Int, _ take: (RawSpan) -> Void) throws(ReplyRefusal) -> Int? {
        var (start, given) = (0, 0)
        while given < most {
            guard let reader = try current(start < bytes.byteCount) else { return nil }
            let input = bytes.extracting(start..<bytes.byteCount)
            let progress = step(reader, input)
            start += progress.taken
            given += progress.written
            decoded += progress.written
            guard progress.state != .failed, decoded <= Self.mostBytes else { throw .coding }
            if progress.written > 0 { unsafe take(room.span.bytes.extracting(0..<progress.written)) }
            if progress.state == .ended {
                self.reader = nil
            } else if progress.written < room.count, start == bytes.byteCount {
                return nil
            } else if progress.taken == 0, progress.written == 0 {
                throw .coding
            }
        }
        return start
    }

    /// A member that is not whole is no body.
    func finish() throws(ReplyRefusal) {
        guard reader == nil || decoded == 0 else { throw .coding }
    }

    /// The member that is read, or the next one where something follows. Nothing may follow brotli's (RFC 7932): it could not be told from garbage.
    private func current(_ hasMore: Bool) throws(ReplyRefusal) -> (any MemberReader)? {
        if let reader { return reader }
        guard hasMore else { return nil }
        guard format != .brotli, let next = opener.reader(of: format) else { throw .coding }
        reader = next
        return next
    }

    private func step(_ reader: any MemberReader, _ input: RawSpan) -> MemberProgress {
        unsafe room.withUnsafeMutableBytes { room in
            var output = unsafe room.mutableBytes
            return reader.read(input, into: &output)
        }
    }
}
