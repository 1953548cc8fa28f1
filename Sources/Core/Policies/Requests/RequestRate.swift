/// How many requests a rule lets go in a span of time: `60/minute`.
package struct RequestRate: Sendable, Hashable, CustomStringConvertible {
    package static let maximumCount = 1_000_000

    package let count: Int
    package let period: Period

    package enum Period: String, CaseIterable, Sendable {
        case second, minute, hour, day

        package var duration: Duration {
            switch self {
            case .second: .seconds(1)
            case .minute: .seconds(60)
            case .hour: .seconds(3600)
            case .day: .seconds(86400)
            }
        }
    }

    /// Reads a number, a slash and a span; nil for anything else.
    init?(parsing text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let count = Int(plain: parts[0], in: 1...Self.maximumCount), let period = Period(rawValue: parts[1]) else {
            return nil
        }
        self.count = count
        self.period = period
    }

    package var description: String { "\(count)/\(period.rawValue)" }
}

extension Int {
    /// Reads a number as it is printed, without sign and leading zeros; nil outside of the range.
    init?(plain text: String, in range: ClosedRange<Int>) {
        guard let number = Int(text), String(number) == text, range.contains(number) else { return nil }
        self = number
    }
}
