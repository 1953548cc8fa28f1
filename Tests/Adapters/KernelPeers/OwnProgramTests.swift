import FoundationEssentials
import Glibc
import TestKit
import Testing

@testable import KernelPeers

@Suite("The keeper's own program")
struct OwnProgramTests {
    /// A program that sleeps, at a path of its own.
    private func install(_ path: String) throws {
        try FileManager.default.copyItem(atPath: "/bin/sleep", toPath: path)
        try awaitNoWriter(path)
    }

    private func start(_ path: String) throws -> ChildProcess {
        let child = try ChildProcess(path, ["600"])
        for _ in 0..<5000 where ProcessFiles.executable(of: child.id) != path { usleep(1000) }
        return child
    }

    @Test("it is the file of this process, or the one that lies where the program was started from")
    func upgrade() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("tacit")
        try install(path)
        let own = OwnProgram(path: path)
        let before = try start(path)
        #expect(own.isExecuted(by: before.id, called: "tacit"))
        #expect(own.isExecuted(by: getpid(), called: "anything"), "the keeper's file, whatever lies in its place")
        // A copy elsewhere is another program, however it calls itself.
        try install(directory.path("copy"))
        let copy = try start(directory.path("copy"))
        #expect(!own.isExecuted(by: copy.id, called: "tacit"))
        try install(directory.path("new"))
        #expect(unsafe rename(directory.path("new"), path) == 0)
        let after = try start(path)
        #expect(own.isExecuted(by: after.id, called: "tacit"))
        #expect(!own.isExecuted(by: before.id, called: "tacit"), "neither the keeper's nor today's")
        #expect(unsafe unlink(path) == 0)
        #expect(!own.isExecuted(by: after.id, called: "tacit"))
        #expect(!own.isExecuted(by: 0x3FFF_FFFF, called: "tacit"), "a process that is not there")
    }

    // Whose files these are is another user's matter: in a process of its own.
    @Test("a process that hides its program is known by its name alone")
    func hidden() async {
        await #expect(processExitsWith: .success) {
            if geteuid() == 0 { setuid(65_534) }
            let own = OwnProgram(path: "/opt/somewhere/a-very-long-program-name")
            guard own.isExecuted(by: 1, called: "a-very-long-pro"), !own.isExecuted(by: 1, called: "a-very-long-program-name"),
                !own.isExecuted(by: 1, called: "init"), !OwnProgram(path: "").isExecuted(by: 1, called: "x")
            else { throw TestFailure("it is not so") }
        }
    }
}
