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

    @Test(
        "what is no time, or has not been yet, is refused",
        arguments: [
            "", "tomorrow", "3", "h", "3x ago", "ago", "3h ago ago", "2026-13-01", "2026-02-30", "2026-1-1", "26-11-21", "2026-11-21 25:00", "24:00",
            "1:2:3:4",
            "99999999999999999999h ago", "-3h ago", "2026-11-29T12:00:00Z", "٣h ago",
        ]) func refused(_ text: String)
    { #expect(throws: CommandFailure.self) { try seconds(text) } }
}
