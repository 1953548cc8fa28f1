import Glibc
import Model
import TacitWire
import Testing

@testable import ProcessRunner

/// What a runner does with the process that fills its working directory; the tests play that one.
@Suite("Work in a copy that another process fills")
struct CopiedWorkTests {
    private func pair() throws -> (work: CopiedWork, other: SetupChannel) {
        var ends: [Int32] = [-1, -1]
        try #require(unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        return (try #require(CopiedWork(["2049:77"], descriptor: ends[0])), SetupChannel(descriptor: ends[1]))
    }

    private func begin(_ other: SetupChannel, with bytes: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0]) throws { try unsafe other.sendRaw(bytes.span.bytes) }

    @Test("it is told by root's helper alone which directory it stands for; words of another form tell none")
    func words() throws {
        let (work, other) = try pair()
        defer { close(other.descriptor) }
        #expect(work.place("/home/one") == FilePlace(path: "/home/one", device: 2049, inode: 77))
        for words in [[], [""], ["2049"], ["2049:77:1"], ["a:b"]] { #expect(CopiedWork(words) == nil) }
    }

    @Test("it waits for the copy, passes a refusal on, and takes an end for none")
    func waiting() throws {
        let (filled, one) = try pair()
        try begin(one)
        try one.send(.resolved)
        #expect(try filled.refusal() == nil)
        let (refused, two) = try pair()
        let refusal = RunRefusal.notCopied("/path", "why", "what helps").encoded
        try begin(two)
        try two.send(.refused, refusal)
        #expect(try refused.refusal() == refusal)
        let (ended, three) = try pair()
        close(three.descriptor)
        #expect(throws: RunnerError.runnerGone) { try ended.refusal() }
        let (failed, four) = try pair()
        try begin(four, with: [6, 0, 0, 0, 1, 0, 0, 0])
        try four.send(.resolved)
        #expect(throws: RunnerError.runnerGone) { try failed.refusal() }
        for other in [one, two, four] { close(other.descriptor) }
    }
}
