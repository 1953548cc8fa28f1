/// A moment: whole nanoseconds since 1970-01-01T00:00:00Z, without leap seconds.
package struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The moment this long after; at the end of the representable range it stays there.
    package func advanced(by duration: Duration) -> Timestamp {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
        return Timestamp(nanoseconds: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    /// How long after `earlier` this moment is; negative when it is before.
    package func duration(since earlier: Timestamp) -> Duration {
        .nanoseconds(nanoseconds) - .nanoseconds(earlier.nanoseconds)
    }

    /// RFC 3339 in UTC with nine decimals.
    package var description: String { text(decimals: 9) }

    /// RFC 3339 in UTC, to the second.
    package var seconds: String { text(decimals: 0) }

    private func text(decimals: Int) -> String {
        let (second, nanosecond) = Self.floorDivide(nanoseconds, 1_000_000_000)
        let (day, secondOfDay) = Self.floorDivide(second, 86_400)
        let date = CivilDate(daysSince1970: day)
        var text: [UInt8] = []
        text.reserveCapacity(32)
        Self.write(date.year, width: 4, then: "-", to: &text)
        Self.write(date.month, width: 2, then: "-", to: &text)
        Self.write(date.day, width: 2, then: "T", to: &text)
        Self.write(secondOfDay / 3600, width: 2, then: ":", to: &text)
        Self.write(secondOfDay / 60 % 60, width: 2, then: ":", to: &text)
        Self.write(secondOfDay % 60, width: 2, then: decimals == 0 ? "Z" : ".", to: &text)
        if decimals > 0 { Self.write(nanosecond, width: 9, then: "Z", to: &text) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Quotient and remainder with 0 ≤ remainder < divisor, for every value.
    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func write(_ value: Int64, width: Int, then mark: Unicode.Scalar, to text: inout [UInt8]) {
        var divisor = (1..<width).reduce(Int64(1)) { power, _ in power * 10 }
        while divisor > 0 {
            text.append(48 + UInt8(value / divisor % 10))
            divisor /= 10
        }
        text.append(UInt8(ascii: mark))
    }
}

extension Timestamp {
    /// Reads RFC 3339 in UTC (`2026-11-21T08:00:00Z`, up to nine decimals); nil for anything else.
    package init?(rfc3339 text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.last == UInt8(ascii: "Z"), bytes[10] == UInt8(ascii: "T") else { return nil }
        guard bytes[4] == 45, bytes[7] == 45, bytes[13] == 58, bytes[16] == 58 else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            bytes[range].reduce(Int64?.some(0)) { sum, byte in (48...57).contains(byte) ? sum.map { $0 * 10 + Int64(byte - 48) } : nil }
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            hour < 24, minute < 60, second < 60, let date = CivilDate(year: year, month: month, day: day)
        else { return nil }
        var fraction: Int64 = 0
        if bytes.count > 20 {
            guard bytes[19] == UInt8(ascii: "."), (22...30).contains(bytes.count), let digits = number(20..<(bytes.count - 1)) else { return nil }
            fraction = (0..<(30 - bytes.count)).reduce(digits) { value, _ in value * 10 }
        }
        let seconds = date.daysSince1970 * 86_400 + hour * 3600 + minute * 60 + second
        guard let total = Int64(exactly: Int128(seconds) * 1_000_000_000 + Int128(fraction)) else { return nil }
        nanoseconds = total
    }
}

/// A day of the proleptic Gregorian calendar (algorithm: Howard Hinnant, "chrono-compatible low-level date algorithms").
private struct CivilDate {
    let year: Int64
    let month: Int64
    let day: Int64

    init(daysSince1970: Int64) {
        let shifted = daysSince1970 + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    init?(year: Int64, month: Int64, day: Int64) {
        self.year = year
        self.month = month
        self.day = day
        guard (1...12).contains(month), day >= 1 else { return nil }
        let same = CivilDate(daysSince1970: daysSince1970)
        guard same.month == month, same.day == day else { return nil }
    }

    var daysSince1970: Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
