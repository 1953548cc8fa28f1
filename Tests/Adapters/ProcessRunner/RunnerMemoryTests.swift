import Glibc
import Model
import TacitWire
import TestKit
import Testing

@testable import ProcessRunner

@Suite("Values in a runner's memory", .enabled(if: getuid() == 0))
struct RunnerMemoryTests {
    @Test("once the child has its values, none lies in ordinary memory of runner or spawner")
    func hunt() throws {
        let random = SeededRandom()
        let (variable, input, plain) = (Canary(random), Canary(random), Canary(random))
        let script = """
            cat >/dev/null; printf %s\\\\n $KEY $KEY; printf %s $KEY | base64 -w 20; echo $PPID; while :; do sleep 0.1; done
            """
        let run = try TestRun(
            .agent("sh", "-c", script),
            [
                RunBinding(target: .variable("KEY"), needleName: "key", value: variable.secret),
                RunBinding(
                    target: .standardInput, needleName: "in", value: input.secret, text: try #require(InputText(before: "Bearer ", after: "\n"))),
                RunBinding(target: .variable("HOST"), needleName: nil, value: plain.secret),
            ])
        #expect(run.wait { $0.output.hasSuffix("\n") && $0.output.split(separator: "\n").last.flatMap { Int32($0) } != nil })
        #expect(run.output.contains("[REDACTED:key:base64]"), "\(run.output)")
        let runner = try #require(run.output.split(separator: "\n").last.flatMap { Int32($0) })
        let hunt = CanaryHunt(for: [variable, input, plain])
        #expect(try hunt.sightings(inMemoryOf: runner).isEmpty)
        let spawner = try #require(TestRun.spawner).process
        #expect(try hunt.sightings(inMemoryOf: spawner).isEmpty)
        // The hunt can find: the child has its value in the environment.
        let child = try #require(run.process)
        #expect(try !hunt.sightings(inMemoryOf: child).isEmpty)
    }
}
