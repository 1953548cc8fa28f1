import Glibc

/// Moments as people say them.
enum RelativeTime {
    /// A moment of the API (RFC 3339, UTC) beside now: `3 days ago`, `in 29 days`. A text that is no moment is shown as it is.
    static func text(_ moment: String, now: Int64) -> String {
        guard let seconds = seconds(of: moment) else { return moment.printable }
        let distance = seconds - now
        if abs(distance) < 5 { return "just now" }
        let span = span(abs(distance))
        return distance < 0 ? "\(span) ago" : "in \(span)"
    }

    /// The next full minute of a moment on the clock of this machine: `14:05`.
    static func clock(_ seconds: Int64) -> String { local(seconds + 59).map { String($0.time.dropLast(3)) } ?? moment(seconds) }

    /// A moment of the API on the clock of this machine: `14:05:12`, and before it the date where that is not today's. A text that is no moment is shown as it is.
    static func stamp(_ moment: String, now: Int64) -> String {
        guard let then = seconds(of: moment).flatMap(local), let today = local(now) else { return moment.printable }
        return then.date == today.date ? then.time : "\(then.date) \(then.time)"
    }

    /// Date and time on the clock of this machine.
    private static func local(_ seconds: Int64) -> (date: String, time: String)? {
        var (moment, parts) = (time_t(seconds), unsafe tm())
        guard unsafe localtime_r(&moment, &parts) != nil else { return nil }
        let date = unsafe [parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday].map { padded(Int64($0)) }
        let time = unsafe [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded(Int64($0)) }
        return (date.joined(separator: "-"), time.joined(separator: ":"))
    }

    /// A number of seconds in its largest unit.
    static func span(_ seconds: Int64) -> String {
        let units: [(Int64, String)] = [(365 * 86_400, "year"), (86_400, "day"), (3600, "hour"), (60, "minute")]
        // Nearly two units are two: 59 minutes and 40 seconds is an hour.
        for (length, name) in units where seconds + length / 60 >= length {
            let count = (seconds + length / 60) / length
            return count == 1 ? "1 \(name)" : "\(count) \(name)s"
        }
        return seconds == 1 ? "1 second" : "\(seconds) seconds"
    }

    /// Seconds since 1970 of `YYYY-MM-DDTHH:MM:SS[.fraction]Z`; nil for anything else.
    static func seconds(of moment: String) -> Int64? {
        let bytes = Array(moment.utf8)
        guard bytes.count >= 20, bytes.last == UInt8(ascii: "Z") else { return nil }
        func number(_ range: Range<Int>) -> Int64? { Int64(String(decoding: bytes[range], as: UTF8.self)) }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
            let minute = number(14..<16), let second = number(17..<19), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        return days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
    }

    /// Days from 1970 of a date of the Gregorian calendar, counting years from March.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = year / 400
        let ofEra = year - era * 400
        let ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    }
}

extension RelativeTime {
    /// A number of seconds since 1970 as RFC 3339.
    static func moment(_ seconds: Int64) -> String {
        let day = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let ofDay = seconds - day * 86_400
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let ofEra = shifted - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * ofYear + 2) / 153
        let dayOfMonth = ofYear - (153 * month + 2) / 5 + 1
        let civilMonth = month < 10 ? month + 3 : month - 9
        let year = yearOfEra + era * 400 + (civilMonth <= 2 ? 1 : 0)
        let date = "\(year)-\(padded(civilMonth))-\(padded(dayOfMonth))"
        return "\(date)T\(padded(ofDay / 3600)):\(padded(ofDay / 60 % 60)):\(padded(ofDay % 60))Z"
    }

    private static func padded(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
