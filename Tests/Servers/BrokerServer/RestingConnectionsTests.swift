import Brokering
import Model
import NIOCore
import Secrets
import Testing

@testable import BrokerServer

/// Which connections are used again, without a socket.
@Suite final class RestingConnectionsTests {
    private final class Place {}
    private let here = Place()
    private let there = Place()
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private var resting = RestingConnections<Int>()
    private let ids = (0..<300).map { _ in Place() }

    private func key(_ host: String, ownNetwork: Bool = false, authorities: String? = nil) throws -> ConnectionKey {
        let leave = RequestLeave(entry: 1, releases: [], reachesOwnNetwork: ownNetwork, authorities: authorities)
        return ConnectionKey(try Origin(url: "https://\(host)"), leave)
    }

    private func rest(
        _ number: Int, _ key: ConnectionKey, there: Bool = false, opened: NIODeadline? = nil, keptFor time: TimeAmount? = nil, at now: NIODeadline
    ) -> [Int] {
        resting.rest(
            number, id: ObjectIdentifier(ids[number]), key, on: ObjectIdentifier(there ? self.there : here), opened: opened ?? now, keptFor: time,
            at: now)
    }

    private func take(_ key: ConnectionKey, there: Bool = false, replayable: Bool = true, at now: NIODeadline) -> Int? {
        resting.take(key, on: ObjectIdentifier(there ? self.there : here), replayable: replayable, at: now)
    }

    @Test func lastOnesAreTakenFirstAndThoseOfTheSameLoopBefore() throws {
        let key = try key("a.test")
        for number in 0..<3 { #expect(rest(number, key, there: number == 2, at: start).isEmpty) }
        #expect(take(key, at: start) == 1 && take(key, at: start) == 0 && take(key, at: start) == 2 && take(key, at: start) == nil)
        #expect(resting.count == 0)
    }

    @Test func keysAreWhole() throws {
        _ = rest(0, try key("a.test"), at: start)
        for other in [try key("b.test"), try key("a.test:444"), try key("a.test", ownNetwork: true), try key("a.test", authorities: "PEM")] {
            #expect(take(other, at: start) == nil)
        }
        #expect(try take(key("a.test"), at: start) == 0)
    }

    @Test func restsEnd() throws {
        let key = try key("a.test")
        _ = rest(0, key, at: start)
        #expect(take(key, at: start + .seconds(60)) == nil)
        #expect(resting.end(at: start + .seconds(59)) == [] && resting.end(at: start + .seconds(60)) == [0] && resting.count == 0)
    }

    @Test func servicesSayForHowLong() throws {
        let key = try key("a.test")
        #expect(rest(0, key, keptFor: .seconds(5), at: start).isEmpty && rest(1, key, keptFor: .seconds(1), at: start) == [1])
        #expect(take(key, at: start + .seconds(4)) == nil && take(key, at: start + .milliseconds(3999)) == 0)
    }

    @Test func addressesAreJudgedAnewAfterAWhile() throws {
        let key = try key("a.test")
        #expect(rest(0, key, opened: start, at: start + .minutes(10)) == [0])
        #expect(rest(1, key, opened: start, at: start + .minutes(10) - .seconds(1)).isEmpty)
        #expect(take(key, at: start + .minutes(10)) == nil)
    }

    @Test func whatCannotBeSentTwiceTakesFreshOnes() throws {
        let key = try key("a.test")
        _ = rest(0, key, at: start)
        #expect(take(key, replayable: false, at: start + .seconds(3)) == nil && take(key, replayable: false, at: start + .seconds(2)) == 0)
    }

    @Test func thereAreNeverTooMany() throws {
        let key = try key("a.test")
        for number in 0..<64 { #expect(rest(number, key, at: start + .milliseconds(Int64(number))).isEmpty) }
        #expect(rest(64, key, at: start + .seconds(1)) == [0])
        for number in 65..<129 { #expect(try rest(number, self.key("h\(number).test"), at: start + .seconds(1)).isEmpty) }
        #expect(resting.count == 128)
        #expect(try rest(129, self.key("b.test"), at: start + .seconds(1)) == [1])
        #expect(resting.count == 128)
    }

    @Test func endedOnesAreForgotten() throws {
        let key = try key("a.test")
        _ = rest(0, key, at: start)
        resting.forget(ObjectIdentifier(ids[0]), key)
        resting.forget(ObjectIdentifier(ids[1]), key)
        #expect(take(key, at: start) == nil && resting.count == 0)
    }
}
