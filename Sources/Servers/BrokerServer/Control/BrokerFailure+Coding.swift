import Brokering
import Model
import Secrets

extension BrokerFailure {
    /// Those that say everything by their code.
    private static let plain: [BrokerFailure] = [
        .refused, .unresolved, .unreachable, .untrusted, .cut, .timeout, .overAllowance, .revoked, .unavailable,
    ]
    private static let stops: [ExchangeStop] =
        [.unreadableBody, .bodyTooLong, .codedBody] + RequestRefusal.allCases.map(ExchangeStop.ambiguous)
        + ExchangeRefusal.allCases.map(ExchangeStop.exchange) + SignatureRefusal.allCases.map(ExchangeStop.signature)
        + FrameRefusal.allCases.map(ExchangeStop.frames)
    private static let replies: [BrokerFailure] = ReplyRefusal.allCases.map(BrokerFailure.reply)
    private static let addresses: [BrokerFailure] = AddressKind.allCases.map { .address(AddressRefusal(kind: $0)) }
    private static let all: [BrokerFailure] = plain + stops.map(BrokerFailure.stopped) + replies + addresses
    private static let byCode = Dictionary(all.map { ($0.code, $0) }) { first, _ in first }

    func write(to writer: inout CanonicalWriter) {
        writer.write(code)
        var misused: GrantID?
        if case .stopped(let stop) = self { misused = stop.misusedGrant }
        writer.write(optional: misused)
        var egress: Egress?
        if case .stopped(.egress(let found)) = self { egress = found }
        writer.write(optional: egress) { writer, egress in
            writer.write(egress.name)
            writer.write(egress.bytesSent)
        }
    }

    init(decoding reader: inout CanonicalReader) throws(CanonicalError) {
        let code = try reader.text()
        let misused = try reader.optional { reader throws(CanonicalError) in try reader.id(GrantKind.self) }
        let egress = try reader.optional { reader throws(CanonicalError) in Egress(name: try reader.text(), bytesSent: try reader.int64()) }
        if let stop = misused.map(ExchangeStop.stray) ?? egress.map(ExchangeStop.egress) {
            self = .stopped(stop)
            return
        }
        guard let failure = Self.byCode[code] else { throw .malformed }
        self = failure
    }
}
