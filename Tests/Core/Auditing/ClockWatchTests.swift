import Auditing
import Model
import Testing

@Suite("Clock watch")
struct ClockWatchTests {
    private static func watch(at seconds: Int64 = 0) -> ClockWatch {
        var watch = ClockWatch()
        _ = watch.observe(.at(seconds))
        return watch
    }

    @Test("a clock that runs on is steady")
    func steady() {
        var watch = ClockWatch()
        for second in [Int64(0), 1, 60, 86_400, 86_400] { #expect(watch.observe(.at(second)) == .steady) }
        #expect(watch.observe(.at(90_000, wall: 3600)) == .steady, "forward is no offence")
        #expect(watch.observe(.at(100_000, wall: 3600)) == .steady)
    }

    @Test("a clock set back is flagged with the time it must be at least")
    func wentBack() {
        var watch = Self.watch()
        #expect(watch.observe(.at(100, wall: -10)) == .wentBack(floor: ClockReading.at(100).wall))
        #expect(watch.effectiveNow(.at(200, wall: -10)) == ClockReading.at(200).wall, "expiry goes on with the boot clock")
        #expect(watch.observe(.at(300, wall: -10)) == .wentBack(floor: ClockReading.at(300).wall), "it stays flagged")
    }

    @Test("steps within the tolerance are not flagged, but do not add up")
    func creeping() {
        var watch = Self.watch()
        #expect(watch.observe(.at(10, wall: -1)) == .steady)
        #expect(watch.observe(.at(20, wall: -2)) == .steady)
        #expect(watch.observe(.at(30, wall: -3)) == .wentBack(floor: ClockReading.at(30).wall))
        #expect(watch.effectiveNow(.at(20, wall: -2)) >= ClockReading.at(20).wall)
    }

    @Test("after a reboot the clock may not show a time before the last one plus the time since boot")
    func reboot() {
        var watch = Self.watch(at: 1000)
        let early = ClockReading.at(0, wall: 1030, boot: ClockReading.secondBoot, bootTime: 60)
        #expect(watch.observe(early) == .wentBack(floor: ClockReading.at(1060).wall))
        watch = Self.watch(at: 1000)
        #expect(watch.observe(.at(0, wall: 1060, boot: ClockReading.secondBoot, bootTime: 60)) == .steady)
        #expect(watch.observe(.at(0, wall: 1050, boot: ClockReading.secondBoot, bootTime: 160)) == .wentBack(floor: ClockReading.at(1160).wall))
    }

    @Test("a boot time that goes back proves nothing and lowers nothing")
    func bootTimeBack() {
        var watch = Self.watch(at: 1000)
        #expect(watch.observe(.at(0, wall: 1000, bootTime: 5)) == .steady)
        #expect(watch.observe(.at(0, wall: 900, bootTime: 6)) == .wentBack(floor: ClockReading.at(1001).wall))
        #expect(watch.effectiveNow(.at(0, wall: 0, bootTime: 6)) == ClockReading.at(1001).wall)
    }

    @Test("a clock that shows the right time again is steady")
    func corrected() {
        var watch = Self.watch()
        _ = watch.observe(.at(100, wall: -3600))
        #expect(watch.observe(.at(200)) == .steady)
    }

    @Test("a person's acceptance ends it")
    func accepted() {
        var watch = Self.watch()
        _ = watch.observe(.at(100, wall: -3600))
        watch.accept(.at(110, wall: -3600))
        #expect(watch.observe(.at(120, wall: -3600)) == .steady)
        #expect(watch.effectiveNow(.at(130, wall: -3600)) == ClockReading.at(130, wall: -3600).wall)
    }

    @Test("the last entry of a log is enough to go on, even one written under a flag")
    func resuming() {
        var entry = AuditEntry.sample(at: 500)
        var watch = ClockWatch(resuming: entry)
        #expect(watch.observe(.at(600, wall: -50)) == .wentBack(floor: ClockReading.at(600).wall))
        entry.clock = .at(500, wall: -100)
        entry.clockFloor = ClockReading.at(500).wall
        watch = ClockWatch(resuming: entry)
        #expect(watch.observe(.at(600, wall: -100)) == .wentBack(floor: ClockReading.at(600).wall))
        #expect(ClockWatch().effectiveNow(.at(3)) == ClockReading.at(3).wall, "without knowledge the clock is believed")
    }

    @Test("readings at the ends of the range do not trap")
    func extremes() {
        let ends = [Int64.min, .min + 1, -1, 0, 1, .max - 1, .max]
        var watch = ClockWatch()
        for wall in ends {
            for bootTime in ends {
                let reading = ClockReading(wall: Timestamp(nanoseconds: wall), bootID: ClockReading.firstBoot, bootTime: bootTime)
                _ = watch.observe(reading)
                #expect(watch.effectiveNow(reading) >= reading.wall)
            }
        }
    }
}
