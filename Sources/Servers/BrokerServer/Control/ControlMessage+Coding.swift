import Model
import Secrets

extension ControlMessage {
    private enum Kind: UInt8 {
        case errand = 1
        case allow, refuse, cancel, open, describe, sealed, unsealed, revoke, mayLeave, consult
        case ask = 65
        case outcome, reply, failure, opened, misuse, egress, withdraw, seal, leaving, consulting
    }

    /// Kind and parts, without the length.
    var encoded: [UInt8] {
        var writer = CanonicalWriter(capacity: 512)
        switch self {
        case .errand(let id, let errand):
            writer.begin(Kind.errand, id.number)
            errand.write(to: &writer)
        case .allow(let id, let leave):
            writer.begin(Kind.allow, id.number)
            leave.write(to: &writer)
        case .refuse(let id, let denial):
            writer.begin(Kind.refuse, id.number)
            writer.write(optional: denial) { $1.write(to: &$0) }
        case .describe(let id): writer.begin(Kind.describe, id.number)
        case .withdraw(let id): writer.begin(Kind.withdraw, id.number)
        case .sealed(let id, let credentials):
            writer.begin(Kind.sealed, id.number)
            writer.write(list: credentials) { $1.write(to: &$0) }
        case .unsealed(let id): writer.begin(Kind.unsealed, id.number)
        case .seal(let id, let credentials):
            writer.begin(Kind.seal, id.number)
            credentials.write(to: &writer)
        case .cancel(let id): writer.begin(Kind.cancel, id.number)
        case .open(let id, let setup):
            writer.begin(Kind.open, id.number)
            setup.write(to: &writer)
        case .revoke(let grant):
            writer.begin(Kind.revoke, 0)
            writer.write(grant)
        case .opened(let id, let door):
            writer.begin(Kind.opened, id.number)
            writer.write(door.port)
            writer.write(door.authority)
        case .misuse(let id, let grant, let code):
            writer.begin(Kind.misuse, id.number)
            writer.write(grant)
            writer.write(code)
        case .egress(let id, let request):
            writer.begin(Kind.egress, id.number)
            request.write(to: &writer)
        case .ask(let id, let errand, let request):
            writer.begin(Kind.ask, id.number)
            writer.write(errand.number)
            request.write(to: &writer)
        case .mayLeave(let id, let mayLeave):
            writer.begin(Kind.mayLeave, id.number)
            writer.write(mayLeave)
        case .consult(let id): writer.begin(Kind.consult, id.number)
        case .consulting(let id): writer.begin(Kind.consulting, id.number)
        case .leaving(let id, let answers):
            writer.begin(Kind.leaving, id.number)
            writer.write(list: answers) { $0.write($1) }
        case .outcome(let id, let outcome):
            writer.begin(Kind.outcome, id.number)
            outcome.write(to: &writer)
        case .reply(let id, let reply):
            writer.begin(Kind.reply, id.number)
            reply.write(to: &writer)
        case .failure(let id, let failure):
            writer.begin(Kind.failure, id.number)
            failure.write(to: &writer)
        }
        return writer.bytes
    }

    init(decoding bytes: [UInt8]) throws(CanonicalError) {
        var reader = CanonicalReader(bytes)
        guard let kind = Kind(rawValue: try reader.byte()) else { throw .malformed }
        let number = try reader.int64()
        let (work, ask) = (WorkID(number: number), AskID(number: number))
        switch kind {
        case .errand: self = .errand(work, try .init(decoding: &reader))
        case .allow: self = .allow(ask, try .init(decoding: &reader))
        case .refuse: self = .refuse(ask, try reader.optional(RequestDenial.init(decoding:)))
        case .describe: self = .describe(ask)
        case .withdraw: self = .withdraw(ask)
        case .sealed: self = .sealed(ask, try reader.list(SealedCredential.init(decoding:)))
        case .unsealed: self = .unsealed(ask)
        case .seal: self = .seal(ask, try .init(decoding: &reader))
        case .cancel: self = .cancel(work)
        case .open: self = .open(work, try .init(decoding: &reader))
        case .revoke: self = .revoke(try reader.id(GrantKind.self))
        case .opened: self = .opened(work, OpenDoor(port: try reader.count(), authority: try reader.text()))
        case .ask: self = .ask(ask, WorkID(number: try reader.int64()), try .init(decoding: &reader))
        case .mayLeave: self = .mayLeave(ask, try reader.flag())
        case .consult: self = .consult(work)
        case .consulting: self = .consulting(work)
        case .leaving: self = .leaving(ask, answers: try reader.list { reader throws(CanonicalError) in try reader.text() })
        case .outcome: self = .outcome(ask, try .init(decoding: &reader))
        case .reply: self = .reply(work, try .init(decoding: &reader))
        case .misuse:
            let (grant, code) = (try reader.id(GrantKind.self), try reader.text())
            guard code.isCode else { throw .malformed }
            self = .misuse(work, grant, code: code)
        case .egress: self = .egress(work, try .init(decoding: &reader))
        case .failure: self = .failure(work, try .init(decoding: &reader))
        }
        try reader.finish()
    }
}

extension CanonicalWriter {
    fileprivate mutating func begin(_ kind: some RawRepresentable<UInt8>, _ number: Int64) {
        write(byte: kind.rawValue)
        write(number)
    }

    mutating func write(_ flag: Bool) { write(byte: flag ? 1 : 0) }

    mutating func write(_ duration: Duration) { write(duration.wholeNanoseconds) }
}

extension CanonicalReader {
    mutating func flag() throws(CanonicalError) -> Bool {
        switch try byte() {
        case 0: false
        case 1: true
        default: throw .malformed
        }
    }

    mutating func duration() throws(CanonicalError) -> Duration { .nanoseconds(try int64()) }

    /// A number of things that were counted, so small that sums of them are numbers, too.
    mutating func tally() throws(CanonicalError) -> Int {
        let count = try count()
        guard count <= UInt32.max else { throw .malformed }
        return count
    }

    /// A number that is none below zero.
    mutating func count() throws(CanonicalError) -> Int {
        let count = try int()
        guard count >= 0 else { throw .malformed }
        return count
    }
}
