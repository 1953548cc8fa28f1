/// How many bytes of bodies a rule lets through in a span of time, both ways together: `100MiB/day`.
package struct RequestBytes: Sendable, Hashable, CustomStringConvertible {
    /// The most, in any unit.
    private static let maximumCount = 1_000_000
    private static let units = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)]

    package let byteCount: Int
    package let period: RequestRate.Period
    package let description: String

    /// Reads a number, a unit, a slash and a span; nil for anything else.
    init?(parsing text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let period = RequestRate.Period(rawValue: parts[1]),
            let (unit, size) = Self.units.first(where: { parts[0].hasSuffix($0.0) }),
            let count = Int(plain: String(parts[0].dropLast(unit.count)), in: 1...Self.maximumCount)
        else { return nil }
        (byteCount, self.period, description) = (count * size, period, text)
    }
}
