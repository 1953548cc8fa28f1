import Model
import Policies
import Synchronization

/// How many requests an agent made lately by a rule, or how many bytes they carried. It lives as long as the keeper, so that a lock and an unlock give
/// nothing back.
///
/// Moments are counted in sixty-fourths of the rule's span, and a request counts until the part in which it was made has left the span whole: there are never
/// more in any span than the rule says. All moments are since boot; one that lies ahead counts as well.
final class RequestCounter: Sendable {
    fileprivate struct Key: Hashable {
        var rule: String
        var holder: SessionHolder
        var period: RequestRate.Period
    }

    /// A request that was counted, to be given back where it was not made.
    struct Ticket: Sendable {
        fileprivate let key: Key
        fileprivate let part: Int64
    }

    private static let parts: Int64 = 64
    /// Beyond so many counts the oldest are looked through first.
    private static let mostKeys = 4096

    private let state = Mutex<[Key: [Int64: Int]]>([:])

    /// Counts one request, or says in how many seconds another may be made.
    func take(by rule: String, _ rate: RequestRate, for holder: SessionHolder, now: Timestamp) throws(EngineError) -> Ticket {
        let key = Key(rule: rule, holder: holder, period: rate.period)
        let part = Self.part(of: now, rate.period)
        let wait: Int? = state.withLock { state in
            if state.count > Self.mostKeys { state = state.filter { Self.isLive($0.value, at: Self.part(of: now, $0.key.period)) } }
            var counts = Self.live(state[key] ?? [:], at: part)
            guard counts.values.reduce(0, +) >= rate.count else {
                counts[part, default: 0] += 1
                state[key] = counts
                return nil
            }
            state[key] = counts
            return Self.wait(for: counts, rate.count, now, rate.period)
        }
        if let wait { throw .rateLimited(rule: rule, seconds: wait) }
        return Ticket(key: key, part: part)
    }

    /// Counts what has happened already, whatever the limit.
    func add(_ count: Int, by rule: String, _ period: RequestRate.Period, for holder: SessionHolder, now: Timestamp) {
        let key = Key(rule: rule, holder: holder, period: period)
        state.withLock { state in
            var counts = Self.live(state[key] ?? [:], at: Self.part(of: now, period))
            counts[Self.part(of: now, period), default: 0] += count
            state[key] = counts
        }
    }

    /// How much of a limit is left; and, where nothing is, in how many seconds there will be some.
    func left(
        of limit: Int, by rule: String, _ period: RequestRate.Period, for holder: SessionHolder, now: Timestamp
    ) -> (count: Int, wait: Int) {
        state.withLock { state in
            let counts = Self.live(state[Key(rule: rule, holder: holder, period: period)] ?? [:], at: Self.part(of: now, period))
            let left = limit - counts.values.reduce(0, +)
            return left > 0 ? (left, 0) : (0, Self.wait(for: counts, limit, now, period))
        }
    }

    func giveBack(_ ticket: Ticket) {
        state.withLock { state in
            guard let count = state[ticket.key]?[ticket.part] else { return }
            state[ticket.key]?[ticket.part] = count > 1 ? count - 1 : nil
        }
    }

    /// Until so many of the oldest have left the span that there is room for one.
    private static func wait(for counts: [Int64: Int], _ limit: Int, _ now: Timestamp, _ period: RequestRate.Period) -> Int {
        var surplus = counts.values.reduce(0, +) - limit + 1
        for (part, count) in counts.sorted(by: { $0.key < $1.key }) {
            surplus -= count
            guard surplus <= 0 else { continue }
            let end = (part + parts + 1) * width(of: period)
            return max(1, Int((end - now.nanoseconds + 999_999_999) / 1_000_000_000))
        }
        return max(1, Int(period.duration.components.seconds))
    }

    private static func live(_ counts: [Int64: Int], at part: Int64) -> [Int64: Int] { counts.filter { $0.key > part - parts - 1 } }
    private static func isLive(_ counts: [Int64: Int], at part: Int64) -> Bool { counts.keys.contains { $0 > part - parts - 1 } }
    private static func width(of period: RequestRate.Period) -> Int64 { period.duration.wholeNanoseconds / parts }
    private static func part(of moment: Timestamp, _ period: RequestRate.Period) -> Int64 { moment.nanoseconds / width(of: period) }
}
