import HTTPTypes
import Model

extension RequestExchange {
    /// Takes the head of a request that is signed with tokens of the session.
    mutating func receive(_ head: ReceivedHead, signedBy signer: SessionSigner, _ verdict: RequestVerdict<JudgedRequest>) -> Step {
        let judged: JudgedRequest
        switch verdict {
        case .refused(let refusal): return stop(.ambiguous(refusal))
        case .accepted(let accepted): judged = accepted
        }
        let signed: SignedRequest
        do throws(SignatureRefusal) {
            signed = try SignedRequest(head, by: signer)
            if judged.body == .none { try signed.checkAbsentBody() }
        } catch { return stop(.signature(error)) }
        // A signature covers the request as it came: nothing in it can be exchanged besides.
        for head in [SignableHead(head), SignableHead(judged)] {
            if let stray = signed.strays(in: head, tokens).first { return stop(.stray(stray)) }
        }
        guard judged.body == .none || Self.isPlain(judged) else { return stop(.codedBody) }
        guard judged.body != .none, signed.needsBody(ofType: judged.request.headerFields[.contentType]) else { return ask(judged, signed, nil) }
        if case .length(let count) = judged.body, count > BodyKind.maximumBytes { return stop(.unreadableBody) }
        state = .collectingSigned(judged, signed, [])
        return .wait
    }

    /// Whether the body is in no coding but that of chunks, in which it is looked into.
    private static func isPlain(_ judged: JudgedRequest) -> Bool {
        let codings = (judged.request.headerFields[.contentEncoding] ?? "identity").lowercased().split(separator: ",")
        return codings.map { $0.filter { $0 != " " && $0 != "\t" } }.allSatisfy { $0 == "identity" || $0 == SignedPayload.chunkCoding }
    }

    /// Asks, once the signature is found good.
    mutating func ask(_ judged: JudgedRequest, _ signed: SignedRequest, _ body: [UInt8]?) -> Step {
        if let body, let stray = tokens.first(in: body) { return stop(.stray(stray.grant)) }
        do throws(SignatureRefusal) { try signed.check(now: now(), body: body) } catch { return stop(.signature(error)) }
        let givesCredentials = signed.givesCredentials(body: body)
        return question(
            RequestWish(request: judged, uses: signed.signer.grants.uses, givesCredentials: givesCredentials), .signed(signed, body))
    }
}
