import Auditing
import Model

/// Slows guessing down: after 5 wrong passwords 30 s, after 10 five minutes, after 20 thirty minutes between tries.
///
/// Waits are measured on the clock that runs since boot, which nobody sets. In another boot there is nothing to measure them by, so the whole wait begins
/// anew: a machine that was off for long is waited for too long, and none too short.
struct PasswordBackoff: Sendable, Equatable {
    private(set) var failures: Int
    /// The boot of the last failure, and when in it.
    private var bootID: BootID
    private var bootTime: Int64

    /// No failures yet.
    init(now: ClockReading) { self.init(failures: 0, now) }

    private init(failures: Int, _ reading: ClockReading) {
        self.failures = failures
        bootID = reading.bootID
        bootTime = reading.bootTime
    }

    /// What counts when nobody knows how often a password was wrong.
    static func strictest(now: ClockReading) -> PasswordBackoff { PasswordBackoff(failures: 20, now) }

    /// How long the next try must wait; nil when it may come now.
    func wait(now: ClockReading) -> Duration? {
        let passed = Duration.nanoseconds(now.bootTime - bootTime)
        return passed < pause ? pause - passed : nil
    }

    mutating func failed(now: ClockReading) { self = PasswordBackoff(failures: failures + 1, now) }

    private var pause: Duration {
        switch failures {
        case ..<5: .zero
        case ..<10: .seconds(30)
        case ..<20: .seconds(5 * 60)
        default: .seconds(30 * 60)
        }
    }
}

extension PasswordBackoff {
    private static let label = "tacit/v1/password-backoff"
    /// More failures than anybody waits for are damage.
    private static let mostFailures = 1_000_000

    /// The state twice over, always of one length: what was half written, or changed in one place, is noticed.
    var encoded: [UInt8] {
        var writer = CanonicalWriter(capacity: 128)
        writer.write(Self.label)
        writer.write(failures)
        writer.write(bootID)
        writer.write(bootTime)
        return writer.bytes + writer.bytes
    }

    /// Reads what `encoded` wrote; nil when it was not that.
    init?(decoding bytes: [UInt8], now: ClockReading) {
        let half = bytes.prefix(bytes.count / 2)
        guard bytes.count.isMultiple(of: 2), half.elementsEqual(bytes.suffix(half.count)) else { return nil }
        var reader = CanonicalReader(Array(half))
        guard (try? reader.text()) == Self.label, let failures = try? reader.int(), (0...Self.mostFailures).contains(failures),
            let boot = try? reader.id(BootKind.self), let time = try? reader.int64(), (try? reader.finish()) != nil
        else { return nil }
        let isThisBoot = boot == now.bootID
        // A failure that is yet to come is none.
        guard !isThisBoot || (0...now.bootTime).contains(time) else { return nil }
        self.init(failures: failures, isThisBoot ? ClockReading(wall: now.wall, bootID: boot, bootTime: time) : now)
    }
}
