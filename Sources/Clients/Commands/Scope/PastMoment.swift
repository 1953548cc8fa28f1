import Glibc

/// A moment that is over, as people say it: `yesterday`, `monday`, `3h ago`, `2h30m`, `2026-11-21`, `2026-11-21T14:30`, `14:30`, or RFC 3339 in UTC.
///
/// A day means its beginning, and a weekday the last one, today among them; dates and times are those of this machine's clock.
enum PastMoment {
    /// Reads what follows an option, into seconds since 1970.
    static func seconds(_ text: String, after option: String, now: Int64) throws -> Int64 {
        guard let seconds = seconds(text.split(separator: " ").map(String.init), now: now) else {
            throw CommandFailure.usage(
                "what follows `\(option)` is no time",
                hint: "write it like yesterday, monday, 3h, 2026-11-21, 2026-11-21T14:30 or, in UTC, 2026-11-21T14:30:00Z")
        }
        guard seconds <= now else { throw CommandFailure.usage("what follows `\(option)` has not been yet") }
        return seconds
    }

    /// Reads a day that follows an option, from its beginning to that of the next.
    static func day(_ text: String, after option: String, now: Int64) throws -> Range<Int64> {
        guard let day = day(text, now: now), let start = local(day, (0, 0, 0)), let end = local(day, (24, 0, 0)), start < end else {
            throw CommandFailure.usage("what follows `\(option)` is no day", hint: "write it like today, yesterday, monday or 2026-11-21")
        }
        guard start <= now else { throw CommandFailure.usage("what follows `\(option)` has not been yet") }
        return start..<end
    }

    private static func seconds(_ words: [String], now: Int64) -> Int64? {
        switch words.count {
        case 1: one(words[0], now: now)
        case 2 where words[1] == "ago": span(words[0]).map { now - $0 }
        case 2: day(words[0], now: now).flatMap { day in clock(words[1]).flatMap { local(day, $0) } }
        case let count where count > 2 && words[count - 1] == "ago": span(words.dropLast().joined()).map { now - $0 }
        default: nil
        }
    }

    private static func one(_ word: String, now: Int64) -> Int64? {
        if word == "now" { return now }
        if let day = day(word, now: now) { return local(day, (0, 0, 0)) }
        if let time = clock(word), let today = day("today", now: now) { return local(today, time) }
        if let mark = word.lastIndex(of: "T"), let day = day(String(word[..<mark]), now: now),
            let time = clock(String(word[word.index(after: mark)...]))
        {
            return local(day, time)
        }
        return RelativeTime.seconds(of: word) ?? span(word).map { now - $0 }
    }

    private typealias Day = (year: Int32, month: Int32, day: Int32)
    private typealias Clock = (hour: Int32, minute: Int32, second: Int32)

    private static func day(_ word: String, now: Int64) -> Day? {
        var (moment, today) = (time_t(now), unsafe tm())
        guard unsafe localtime_r(&moment, &today) != nil else { return nil }
        if let back = unsafe daysBack(word.lowercased(), from: today.tm_wday) {
            return unsafe (today.tm_year + 1900, today.tm_mon + 1, today.tm_mday - back)
        }
        let parts = word.split(separator: "-", omittingEmptySubsequences: false).map { digits($0) }
        guard parts.count == 3, let year = parts[0], let month = parts[1], let day = parts[2], word.utf8.count == 10, year >= 1970,
            (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        return (year, month, day)
    }

    /// The whole name of a day that has one; nil for any other word.
    static func nameOfDay(_ word: String) -> String? {
        let word = word.lowercased()
        return (["today", "yesterday"] + weekdays).first { $0 == word || weekdays.contains($0) && $0.prefix(3) == word }
    }

    private static let weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]

    /// How many days ago a day was that has a name.
    private static func daysBack(_ word: String, from weekday: Int32) -> Int32? {
        if let back: Int32 = ["today": 0, "yesterday": 1][word] { return back }
        guard let wanted = weekdays.firstIndex(where: { $0 == word || $0.prefix(3) == word }) else { return nil }
        return (weekday - Int32(wanted) + 7) % 7
    }

    private static func clock(_ word: String) -> Clock? {
        let parts = word.split(separator: ":", omittingEmptySubsequences: false).map { digits($0) }
        guard (2...3).contains(parts.count), let hour = parts[0], let minute = parts[1], let second = parts.count == 3 ? parts[2] : 0,
            hour < 24, minute < 60, second < 60
        else { return nil }
        return (hour, minute, second)
    }

    /// A moment of this machine's clock; nil for a day that no month has.
    private static func local(_ day: Day, _ time: Clock) -> Int64? {
        var parts = unsafe tm()
        unsafe (parts.tm_year, parts.tm_mon, parts.tm_mday) = (day.year - 1900, day.month - 1, day.day)
        unsafe (parts.tm_hour, parts.tm_min, parts.tm_sec, parts.tm_isdst) = (time.hour, time.minute, time.second, -1)
        let moment = unsafe mktime(&parts)
        // The end of a day is the next one's beginning; a day before the first of a month is one of the month before.
        let isThatDay = unsafe parts.tm_mday == day.day
        guard moment != -1, day.day <= 0 || time.hour == 24 || isThatDay else { return nil }
        return Int64(moment)
    }

    private static let units: [String: Int64] = [
        "s": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600, "d": 86_400, "day": 86_400, "w": 604_800, "week": 604_800,
    ]

    /// Numbers and their units, such as `3h`, `2days` and `2h30m`.
    private static func span(_ text: String) -> Int64? {
        var (rest, sum) = (text[...], Int64(0))
        repeat {
            let number = rest.prefix { $0.isNumber }
            var unit = String(rest.dropFirst(number.count).prefix { !$0.isNumber })
            rest = rest.dropFirst(number.count + unit.count)
            if unit.count > 1, unit.hasSuffix("s") { unit.removeLast() }
            guard let count = digits(number), let length = units[unit] else { return nil }
            sum += Int64(count) * length
        } while !rest.isEmpty
        return sum
    }

    private static func digits(_ text: Substring) -> Int32? {
        text.utf8.allSatisfy { (48...57).contains($0) } && !text.isEmpty && text.utf8.count <= 5 ? Int32(text) : nil
    }
}
