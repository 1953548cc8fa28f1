/// A span of time as people write it: `30s`, `5m`, `1h30m`.
enum RunSpan {
    /// The longest limit: a hundred years.
    static let longest = 36_525 * 86_400

    /// Reads the span that follows an option into seconds.
    static func seconds(_ text: String, after option: String = "--timeout") throws -> Int {
        let malformed = CommandFailure.usage("what follows `\(option)` is no span of time", hint: "write it like 30s, 5m or 1h30m")
        var (total, previous) = (0, Int.max)
        var digits: Int?
        for byte in text.utf8 {
            if (48...57).contains(byte) {
                digits = min((digits ?? 0) * 10 + Int(byte - 48), longest + 1)
                continue
            }
            guard let unit = units[byte], let count = digits, unit < previous else { throw malformed }
            total += count * unit
            guard total <= longest else { throw malformed }
            (previous, digits) = (unit, nil)
        }
        guard digits == nil, total > 0 else { throw malformed }
        return total
    }

    private static let units: [UInt8: Int] = [
        UInt8(ascii: "s"): 1, UInt8(ascii: "m"): 60, UInt8(ascii: "h"): 3600, UInt8(ascii: "d"): 86_400, UInt8(ascii: "w"): 604_800,
    ]
}
