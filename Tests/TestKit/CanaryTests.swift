import Foundation
import TestKit
import Testing

@Suite("A canary")
struct CanaryTests {
    private let random = SeededRandom()

    @Test("is found in every spelling, wherever it stands")
    func isFound() throws {
        let canaries = (0..<3).map { _ in Canary(random) }
        let hunt = CanaryHunt(for: canaries)
        let value = canaries[1].text
        for lead in 0..<6 {
            let data = Data(random.bytes(lead) + canaries[1].bytes + random.bytes(5))
            let hex = data.map { String(format: "%02x", $0) }
            let spelled: [Data] = [
                data, Data(data.base64EncodedString().utf8), Data(hex.joined().utf8), Data(hex.joined().uppercased().utf8),
                Data(hex.joined(separator: " ").utf8), Data(hex.joined(separator: ":").utf8),
                Data(data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").utf8),
                Data(hex.map { "%" + $0.uppercased() }.joined().utf8), Data(hex.map { "%" + $0 }.joined().utf8),
                Data(hex.map { "\\u00" + $0 }.joined().utf8),
                try #require(("x" + value).data(using: .utf16LittleEndian)), try #require(("x" + value).data(using: .utf16BigEndian)),
                data.base64EncodedData(options: [.lineLength64Characters, .endLineWithCarriageReturn, .endLineWithLineFeed]),
            ]
            for (number, spelling) in spelled.enumerated() {
                let sightings = hunt.sightings(in: Array(spelling))
                #expect(!sightings.isEmpty && sightings.allSatisfy { $0.canary == canaries[1] }, "spelling \(number), \(lead) bytes before")
            }
        }
    }

    @Test("is not found where it is not")
    func isNotFound() {
        let hunt = CanaryHunt(for: [Canary(random)])
        #expect(hunt.sightings(in: random.bytes(100_000)) == [])
        #expect(hunt.sightings(in: Canary(random).text) == [])
        #expect(hunt.sightings(in: "CANARY-") == [])
    }

    @Test("is found in files below a directory and in their names")
    func isFoundInFiles() throws {
        let (directory, canaries) = (try TemporaryDirectory(), (0..<2).map { _ in Canary(random) })
        try FileManager.default.createDirectory(atPath: directory.path("a/b"), withIntermediateDirectories: true)
        try Data("key=\(canaries[0].text)".utf8).write(to: URL(fileURLWithPath: directory.path("a/b/file")))
        try Data("nothing".utf8).write(to: URL(fileURLWithPath: directory.path("a/\(canaries[1].text).txt")))
        let sightings = try CanaryHunt(for: canaries).sightings(inDirectory: directory.path)
        #expect(Set(sightings.map(\.canary)) == Set(canaries))
        #expect(sightings.count == 2)
        #expect(!sightings.description.contains(canaries[0].text))
    }

    @Test("is found in the memory of another process")
    func isFoundInMemory() throws {
        let canary = Canary(random)
        let child = try ChildProcess("/bin/sh", ["-c", "echo up; kill -STOP $$", canary.text])
        #expect(child.readLine() == "up")
        let sightings = try CanaryHunt(for: [canary]).sightings(inMemoryOf: child.id)
        #expect(!sightings.isEmpty && sightings.allSatisfy { $0.spelling == .raw })
        #expect(try CanaryHunt(for: [Canary(random)]).sightings(inMemoryOf: child.id) == [])
    }

    @Test("cannot be hunted in a process that is gone")
    func needsAProcess() throws {
        let child = try ChildProcess("/bin/true")
        child.wait()
        #expect(throws: TestFailure.self) { _ = try CanaryHunt(for: [Canary(random)]).sightings(inMemoryOf: child.id) }
    }
}
