/// A span as people write it: `90s`, `15m`, `8h`, `30d`, `2w`, or several in falling order (`1h30m`).
package struct Timespan: Hashable, Sendable, CustomStringConvertible {
    package let duration: Duration

    /// The largest span that can be written: a hundred years.
    package static let maximum = Duration.seconds(36_525 * 86_400)

    package init(parsing text: some StringProtocol) throws(TimespanError) {
        var total: Int64 = 0
        var previous = Int64.max
        var digits: Int64?
        for byte in text.utf8 {
            if (48...57).contains(byte) {
                let value = (digits ?? 0) * 10 + Int64(byte - 48)
                guard value <= Self.maximum.components.seconds else { throw .tooLong }
                digits = value
                continue
            }
            guard let unit = Self.units[byte], let count = digits, unit < previous else { throw .malformed }
            total += count * unit
            guard total <= Self.maximum.components.seconds else { throw .tooLong }
            (previous, digits) = (unit, nil)
        }
        guard digits == nil, previous != .max else { throw .malformed }
        guard total > 0 else { throw .zero }
        duration = .seconds(total)
    }

    package init(_ duration: Duration) { self.duration = duration }

    package var description: String {
        var rest = duration.components.seconds
        var text = ""
        for (unit, symbol) in [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")] as [(Int64, String)] where rest >= unit {
            text += "\(rest / unit)\(symbol)"
            rest %= unit
        }
        return text.isEmpty ? "0s" : text
    }

    private static let units: [UInt8: Int64] = [
        UInt8(ascii: "s"): 1, UInt8(ascii: "m"): 60, UInt8(ascii: "h"): 3600, UInt8(ascii: "d"): 86_400, UInt8(ascii: "w"): 604_800,
    ]
}

/// Why a text is no span.
package enum TimespanError: Diagnosable, Equatable {
    case malformed
    case zero
    case tooLong

    package var code: String { "timespan.invalid" }

    package var message: String {
        switch self {
        case .malformed: "a span of time is a number with a unit"
        case .zero: "a span of time is longer than nothing"
        case .tooLong: "a span of time is at most a hundred years"
        }
    }

    package var hint: String? { "write it like 90s, 15m, 8h, 30d or 1h30m" }
}

extension Duration {
    /// The span in nanoseconds, held at the ends of Int64.
    package var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, carried) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return carried ? (seconds < 0 ? .min : .max) : sum
    }
}
