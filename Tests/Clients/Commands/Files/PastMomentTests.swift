import Foundation
import Glibc
import Testing

@testable import Commands

/// Moments as people say them.
@Suite struct PastMomentTests {
    /// 2026-11-28T12:00:00Z
    private let now: Int64 = 1_795_867_200

    private func seconds(_ text: String) throws -> Int64 { try PastMoment.seconds(text, after: "--as-of", now: now) }

    @Test("spans, moments of UTC and now") func plain() throws {
        #expect(try seconds("now") == now && seconds("3h ago") == now - 10_800 && seconds("3h") == now - 10_800)
        #expect(try seconds("2 days ago") == now - 172_800 && seconds("1 week ago") == now - 604_800 && seconds("90min") == now - 5400)
        #expect(try seconds("2026-11-27T12:00:00Z") == now - 86_400)
    }

    @Test("days and times of this machine's clock") func local() throws {
        func parts(_ seconds: Int64) -> [Int32] {
            var (moment, parts) = (time_t(seconds), unsafe tm())
            unsafe localtime_r(&moment, &parts)
            return unsafe [parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec]
        }
        #expect(try parts(seconds("2026-11-21")) == [2026, 11, 21, 0, 0, 0])
        for text in ["2026-03-01 14:30", "2026-03-01T14:30"] { #expect(try parts(seconds(text)) == [2026, 3, 1, 14, 30, 0]) }
        #expect(try parts(seconds("2024-02-29 23:59:58")) == [2024, 2, 29, 23, 59, 58])
        let (today, yesterday) = (try seconds("today"), try seconds("yesterday"))
        #expect(parts(today)[3...] == [0, 0, 0] && parts(yesterday)[3...] == [0, 0, 0] && (82_000...91_000).contains(today - yesterday))
        #expect(try seconds("yesterday 14:30") == yesterday + 52_200 || parts(seconds("yesterday 14:30"))[3...] == [14, 30, 0])
    }

    @Test("a weekday is the last one, today among them; with a time, and whatever its letters") func weekdays() throws {
        let names = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
        var (moment, parts) = (time_t(now), unsafe tm())
        unsafe localtime_r(&moment, &parts)
        let today = unsafe Int(parts.tm_wday)
        for back in 0..<7 {
            let name = names[(today - back + 7) % 7]
            let expected = try seconds("today") - Int64(back) * 86_400
            for text in [name, name.capitalized, String(name.prefix(3))] { #expect(abs(try seconds(text) - expected) <= 3600, "\(text)") }
            guard back > 0 else { continue }
            #expect(abs(try seconds("\(name) 14:30") - expected - 52_200) <= 3600)
            #expect(try seconds("\(name.capitalized)T14:30") == seconds("\(name) 14:30"))
        }
    }

    @Test("spans of several units") func spans() throws {
        #expect(try seconds("2h30m") == now - 9000 && seconds("1d 2h ago") == now - 93_600 && seconds("1 day 2 hours ago") == now - 93_600)
        #expect(try seconds("90m") == seconds("1h30min"))
    }

    @Test("a day goes from its beginning to that of the next one") func days() throws {
        func day(_ text: String) throws -> Range<Int64> { try PastMoment.day(text, after: "--on", now: now) }
        #expect(try day("yesterday").lowerBound == seconds("yesterday") && day("yesterday").upperBound == seconds("today"))
        #expect(try day("today").contains(now) && day("2024-02-29").upperBound == seconds("2024-03-01"))
        #expect(try day("2025-12-31").upperBound == seconds("2026-01-01"))
        for text in ["tomorrow", "3h", "14:30", "2026-02-30", "2026-12-24", "yesterday 14:30", ""] {
            #expect(throws: CommandFailure.self, "\(text)") { _ = try day(text) }
        }
    }

    @Test(
        "what is no time, or has not been yet, is refused",
        arguments: [
            "", "tomorrow", "3", "h", "3x ago", "ago", "3h ago ago", "2026-13-01", "2026-02-30", "2026-1-1", "26-11-21", "2026-11-21 25:00", "24:00",
            "1:2:3:4", "2h30", "h2", "2h m", "someday", "mo", "mondays", "monday 25:00", "2h30m5x",
            "99999999999999999999h ago", "-3h ago", "2026-11-29T12:00:00Z", "٣h ago",
        ]) func refused(_ text: String)
    { #expect(throws: CommandFailure.self) { try seconds(text) } }
}
