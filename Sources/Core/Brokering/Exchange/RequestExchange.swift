package import HTTPTypes
package import Model
package import Redaction

/// One request on its way from an agent to a service: takes what comes, and says what is asked, what goes on and where it ends.
///
/// Nothing goes on before the wish was allowed. The shell that drives it owns the sockets, and sends exactly what it is given.
package struct RequestExchange: Sendable {
    let tokens: SessionTokens
    private let mayStandInBody: Bool
    private let takesUnpacked: Bool
    let now: @Sendable () -> Timestamp
    let values: @Sendable () -> NeedleSet?
    var state = State.idle
    /// Whether the body comes packed by gzip and has to be given here unpacked, as it goes on.
    package private(set) var isUnpacked = false
    /// Whether the body is read whole before the wish is answered, because a person is asked.
    var awaitsBody = false

    enum State: Sendable {
        case idle
        /// The body is read whole before anything is asked.
        case collecting(JudgedRequest, [TokenSighting], BodyKind, [UInt8])
        /// Its signature is checked, or what it asks for known, once the body was read.
        case collectingSigned(JudgedRequest, SignedRequest, [UInt8])
        /// Bytes that come before the answer, because one read of the connection brought them, wait.
        case asking(RequestWish, Content, early: [UInt8], hasEnded: Bool)
        case streaming(BodyPassage)
        case ended
    }

    enum Content: Sendable {
        case streamed(refusingMethods: Bool)
        case whole([UInt8], BodyKind)
        /// Signed, with the whole body where that was read.
        case signed(SignedRequest, [UInt8]?)
    }

    /// What is to be done now.
    package enum Step: Sendable, Equatable {
        /// More has to come.
        case wait
        /// The wish is to be judged; until then nothing is read on.
        case ask(RequestWish)
        /// Bytes of the body go on.
        case pass([UInt8])
        /// The request ends here. What has gone on is cut off.
        case stop(ExchangeStop)
    }

    /// What goes on first, once the wish is allowed. It holds values: it goes to the connection at once and nowhere else.
    package struct Departure: Sendable {
        package let request: HTTPRequest
        /// How the end of the body is told: not as the client told it where values stand in it.
        package let framing: JudgedRequest.Body
        /// The whole body, where it was read; nil where it streams behind.
        package let body: [UInt8]?
        /// What is to be done with what had come of a streaming body meanwhile.
        package let next: [Step]
        /// The real signature in it, which is good for this request for a while, also without the broker; nil where it has none.
        package var signature: [UInt8]?
    }

    /// How much of a body may come before the wish is allowed.
    package static let mostEarly = 64 << 10

    /// - Parameters:
    ///   - mayStandInBody: whether a rule of the session lets a token stand in a body that goes to this origin.
    ///   - takesUnpacked: whether the shell can unpack a body that a client packed.
    ///   - clock: what the moment of a signature is held against.
    ///   - values: the real values that the broker has by now, which no program sends; nil where it has none. It is asked anew for each piece of a body.
    package init(
        _ tokens: SessionTokens, mayStandInBody: Bool, takesUnpacked: Bool = false, clock: @escaping @Sendable () -> Timestamp,
        values: @escaping @Sendable () -> NeedleSet?
    ) {
        (self.tokens, self.mayStandInBody, self.takesUnpacked, now, self.values) = (tokens, mayStandInBody, takesUnpacked, clock, values)
    }

    /// Whether nothing more of the request is to come or to go on.
    package var hasEnded: Bool { if case .ended = state { true } else { false } }

    /// Takes the head.
    package mutating func receive(_ head: ReceivedHead, judgedBy guardian: HeadGuard, allowsEncodedSlash: Bool) -> Step {
        if let signer = SignedRequest.signer(of: head, among: tokens) {
            return receive(head, signedBy: signer, guardian.verdict(on: head, carriesToken: true, allowsEncodedSlash: allowsEncodedSlash))
        }
        let received = tokens.sightings(inTarget: head.target, fields: head.fields.map { ($0.name, $0.value) })
        if let stray = received.first(where: { $0.place == nil }) { return stop(.stray(stray.grant)) }
        let carriesToken = !received.isEmpty || mayStandInBody
        let judged: JudgedRequest
        switch guardian.verdict(on: head, carriesToken: carriesToken, allowsEncodedSlash: allowsEncodedSlash) {
        case .refused(let refusal): return stop(.ambiguous(refusal))
        case .accepted(let accepted): judged = accepted
        }
        // What is sent is looked at once more: the guard leaves fields out and writes the target anew.
        let sent = tokens.sightings(
            inTarget: Array(judged.target.pathAndQuery.utf8), fields: judged.request.headerFields.map { ($0.name.rawName, $0.bytes) })
        if let lost = received.first(where: { !sent.contains($0) }) ?? sent.first(where: { $0.place == nil }) { return stop(.stray(lost.grant)) }
        return begin(judged, sent, carriesToken)
    }

    private mutating func begin(_ received: JudgedRequest, _ sent: [TokenSighting], _ carriesToken: Bool) -> Step {
        guard received.body != .none, carriesToken else { return ask(received, sent, .streamed(refusingMethods: false)) }
        var judged = received
        let coding = judged.request.headerFields[.contentEncoding]?.lowercased() ?? "identity"
        if coding != "identity" {
            // Git packs its questions so. It is judged and sent unpacked: what is looked at is what the service reads.
            guard takesUnpacked, coding == "gzip" || coding == "x-gzip" else { return stop(.codedBody) }
            isUnpacked = true
            judged = judged.unpacked
        }
        let type = judged.request.headerFields[.contentType]
        let reading = MethodOverride.reading(ofContentType: type)
        // A form can name another method than its head, so beside a token it is looked through, too, and so is what could be taken for one.
        let kind = mayStandInBody ? type.flatMap(BodyKind.init(contentType:)) : nil
        guard let kind = kind ?? (reading == .form ? .form : nil) else { return ask(judged, sent, .streamed(refusingMethods: reading == .names)) }
        if case .length(let count) = judged.body, count > BodyKind.maximumBytes { return stop(.unreadableBody) }
        state = .collecting(judged, sent, kind, [])
        return .wait
    }

    /// Takes bytes of the body.
    package mutating func receive(_ bytes: [UInt8]) -> Step {
        switch state {
        case .collecting(let judged, let sent, let kind, var body):
            guard body.count + bytes.count <= BodyKind.maximumBytes else { return stop(.unreadableBody) }
            state = .ended
            body += bytes
            state = .collecting(judged, sent, kind, body)
            return .wait
        case .collectingSigned(let judged, let signed, var body):
            guard body.count + bytes.count <= BodyKind.maximumBytes else { return stop(.unreadableBody) }
            state = .ended
            body += bytes
            state = .collectingSigned(judged, signed, body)
            return .wait
        case .streaming(var passage):
            state = .ended
            var passed: [UInt8] = []
            if let reason = passage.pass(bytes, into: &passed) { return stop(reason) }
            state = .streaming(passage)
            return passed.isEmpty ? .wait : .pass(passed)
        case .asking(let wish, let content, var early, let hasEnded):
            guard early.count + bytes.count <= (awaitsBody ? BodyKind.maximumBytes : Self.mostEarly) else {
                return stop(awaitsBody ? .bodyTooLong : .unreadableBody)
            }
            state = .ended
            early += bytes
            state = .asking(wish, content, early: early, hasEnded: hasEnded)
            return .wait
        case .idle: preconditionFailure("internal: bytes of a body came before its head")
        case .ended: return .wait
        }
    }

    /// Takes the end of the body.
    package mutating func receiveEnd() -> Step {
        switch state {
        case .collecting(let judged, let sent, let kind, let body):
            guard let found = tokens.sightings(inBody: body, kind) else { return stop(.unreadableBody) }
            if let stray = found.first(where: { $0.place == nil }) { return stop(.stray(stray.grant)) }
            guard !overridesMethod(judged, body, kind) else { return stop(.ambiguous(.methodOverride)) }
            return ask(judged, sent + found, .whole(body, kind))
        case .collectingSigned(let judged, let signed, let body): return ask(judged, signed, body)
        case .streaming(var passage):
            var passed: [UInt8] = []
            let reason = passage.finish(into: &passed)
            state = .ended
            return reason.map(Step.stop) ?? (passed.isEmpty ? .wait : .pass(passed))
        case .asking(let wish, let content, let early, _):
            state = .asking(wish, content, early: early, hasEnded: true)
            return awaitsBody ? .ask(wish) : .wait
        case .idle: preconditionFailure("internal: a body ended before its head")
        case .ended: return .wait
        }
    }

    private func overridesMethod(_ judged: JudgedRequest, _ body: [UInt8], _ kind: BodyKind) -> Bool {
        guard kind != .form else { return MethodOverride.isIn(form: body, method: judged.request.method.rawValue) }
        let text = body.lowercasedBytes
        return MethodOverride.words.contains { text.firstRange(of: $0) != nil }
    }

    private mutating func ask(_ judged: JudgedRequest, _ sightings: [TokenSighting], _ content: Content) -> Step {
        var counts: [GrantID: Int] = [:]
        for sighting in sightings { counts[sighting.grant, default: 0] += 1 }
        // In the order in which they stand, so that a wish reads the same every time.
        var uses: [RequestWish.TokenUse] = []
        for sighting in sightings {
            guard let place = sighting.place else { continue }
            let use = RequestWish.TokenUse(grant: sighting.grant, place: place, occurrences: counts[sighting.grant] ?? 0)
            if !uses.contains(use) { uses.append(use) }
        }
        let candidates = TokenCandidates.texts(
            inTarget: Array(judged.target.pathAndQuery.utf8), fields: judged.request.headerFields.map(\.bytes))
        let wish = RequestWish(request: judged, uses: uses, strangers: candidates.filter { tokens.grant(of: $0) == nil })
        return question(wish, content)
    }

    mutating func stop(_ reason: ExchangeStop) -> Step {
        state = .ended
        return .stop(reason)
    }
}

extension JudgedRequest {
    /// The same with a body that is not packed, and whose length nobody knows yet.
    fileprivate var unpacked: JudgedRequest {
        var request = request
        request.headerFields[.contentEncoding] = nil
        request.headerFields.removeDigests()
        return JudgedRequest(
            target: target, request: request, body: .streamed, expectsContinue: expectsContinue, acceptsTrailers: acceptsTrailers,
            opensWebSocket: opensWebSocket)
    }
}

extension HTTPField {
    /// The value's bytes as they came.
    var bytes: [UInt8] { unsafe withUnsafeBytesOfValue { unsafe Array($0) } }
}
