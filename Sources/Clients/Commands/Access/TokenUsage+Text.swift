import TacitWire

extension TokenUsage {
    /// One line for a person.
    func words(now: Int64) -> String {
        let refusals = refused == 0 ? "" : ", \(refused) refused"
        return "\(requests)\(refusals), \(Self.size(bytesSent)) up, \(Self.size(bytesReceived)) down, \(RelativeTime.text(lastUsedAt, now: now))"
    }

    private static func size(_ count: Int64) -> String {
        switch count {
        case ..<1024: "\(count) B"
        case ..<(1 << 20): "\(count >> 10) KiB"
        case ..<(1 << 30): "\(count >> 20) MiB"
        default: "\(count >> 30) GiB"
        }
    }
}
