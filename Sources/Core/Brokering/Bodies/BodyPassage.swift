import Redaction

/// A streaming body on its way through all that looks at it: for tokens, for values, for what was signed.
///
/// What is looked for is looked for in the content, across what frames it. Nothing goes on behind what ends it.
struct BodyPassage: Sendable {
    private var watch: BodyWatch
    /// What the broker has by now, and what of it is looked for.
    private let values: @Sendable () -> NeedleSet?
    private var known: NeedleSet?
    private var egress: EgressWatch?
    private var signed: SignedBody
    /// Pieces of a framed body that came and have not gone on.
    private var waiting: [ChunkedBody.Piece] = []
    /// How much of the body has gone on.
    private var byteCount: Int64 = 0
    /// What holds none of the values, as long as they are looked for.
    private var delay = ContentDelay()

    init(_ watch: BodyWatch, _ values: @escaping @Sendable () -> NeedleSet?, _ signed: SignedBody = .plain) {
        (self.watch, self.values, self.signed) = (watch, values, signed)
    }

    /// Appends what may go on of the body; says why nothing more may.
    mutating func pass(_ bytes: [UInt8], into output: inout [UInt8]) -> ExchangeStop? {
        let start = output.count
        defer { byteCount += Int64(output.count - start) }
        do throws(ExchangeStop) {
            try take(bytes, into: &output)
            return nil
        } catch { return error }
    }

    private mutating func take(_ bytes: [UInt8], into output: inout [UInt8]) throws(ExchangeStop) {
        switch signed {
        case .plain: try search(bytes, into: &output)
        case .digested(var digested):
            var clean: [UInt8] = []
            try search(bytes, into: &clean)
            digested.pass(clean, into: &output)
            signed = .digested(digested)
        case .chunked(var chunks):
            signed = .plain
            var pieces: [ChunkedBody.Piece] = []
            do throws(SignatureRefusal) { try chunks.pass(bytes, into: &pieces) } catch { throw .signature(error) }
            signed = .chunked(chunks)
            for piece in pieces {
                waiting.append(piece)
                var clean: [UInt8] = []
                if case .content(let content) = piece { try search(content, into: &clean) }
                release(clean.count, into: &output)
            }
        }
    }

    /// Appends what is kept back, because the body ended; says why it may not have.
    mutating func finish(into output: inout [UInt8]) -> ExchangeStop? {
        do throws(ExchangeStop) {
            var clean: [UInt8] = []
            watch.finish(into: &clean)
            var rest: [UInt8] = []
            try search(clean, into: &rest, isEnd: true)
            do throws(SignatureRefusal) {
                switch signed {
                case .plain: output += rest
                case .digested(var digested):
                    digested.pass(rest, into: &output)
                    try digested.finish(into: &output)
                case .chunked(let chunks):
                    try chunks.finish()
                    release(rest.count, into: &output)
                }
            } catch { throw .signature(error) }
            return nil
        } catch { return error }
    }

    private mutating func search(_ bytes: [UInt8], into output: inout [UInt8], isEnd: Bool = false) throws(ExchangeStop) {
        var clean = isEnd ? bytes : []
        if !isEnd {
            switch watch.pass(bytes, into: &clean) {
            case .token(let grant):
                // A value before it is what ends the body, however it is cut.
                try know()
                if let egress { _ = try settled(clean, by: egress, isEnd: true) }
                throw .stray(grant)
            case .method: throw .ambiguous(.methodOverride)
            case nil: break
            }
        }
        try know()
        guard let egress else {
            output += clean
            return
        }
        delay.receive(clean, settling: try settled(clean, by: egress, isEnd: isEnd))
        output += isEnd ? delay.flush() : delay.takeDue()
    }

    /// Looks for what was released since, also in what came before and has not gone on.
    private mutating func know() throws(ExchangeStop) {
        guard let needles = values(), needles !== known else { return }
        let watch = EgressWatch(needles)
        (known, egress) = (needles, watch)
        delay.settled = try settled(delay.content, by: watch)
    }

    /// How much more the search lets go.
    private func settled(_ bytes: [UInt8], by egress: EgressWatch, isEnd: Bool = false) throws(ExchangeStop) -> Int {
        var clean: [UInt8] = []
        if let name = egress.pass(bytes, isEnd: isEnd, into: &clean) { throw .egress(Egress(name: name, bytesSent: byteCount)) }
        return clean.count
    }

    /// Lets so much of the content that waits go on, with what frames it up to there.
    private mutating func release(_ count: Int, into output: inout [UInt8]) {
        var left = count
        while let piece = waiting.first {
            guard case .content(let content) = piece, content.count > left else {
                if case .content(let content) = piece { left -= content.count }
                output += piece.bytes
                waiting.removeFirst()
                continue
            }
            output += content.prefix(left)
            waiting[0] = .content(Array(content.dropFirst(left)))
            return
        }
    }
}
