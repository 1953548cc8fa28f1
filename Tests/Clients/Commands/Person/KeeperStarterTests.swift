import Dispatch
import Foundation
import Glibc
import TacitClient
import TacitWire
import TestKit
import Testing

@testable import Commands

@Suite("Starting the keeper")
struct KeeperStarterTests {
    /// A starter whose keeper is a shell script; the socket's path is its first argument.
    private func starter(_ script: String, _ rig: Rig) -> SpawningKeeperStarter {
        var starter = SpawningKeeperStarter(environment: [
            "PATH": "/usr/bin:/bin", "HOME": "/home/x", "SECRET": "no", "TACIT_VAULT": "/v", "XDG_A": "b",
        ])
        starter.program = "/bin/sh"
        starter.arguments = ["sh", "-c", script, "sh", rig.paths.socket]
        return starter
    }

    @Test(
        "what the keeper says is what the person reads",
        arguments: [
            ("printf 'it cannot\\ndo that' >&3", "it cannot", "do that"), ("printf 'it cannot' >&3", "it cannot", nil),
            ("exit 3", "the keeper ended before it listened", "run `tacit keeper` to see why; `tacit doctor` checks this machine"),
        ] as [(String, String, String?)])
    func failures(_ row: (script: String, message: String, hint: String?)) throws {
        let rig = try Rig(nil)
        rig.starter = starter(row.script, rig)
        let failure = #expect(throws: CommandFailure.self) { try KeeperSocket.connect(rig.context) }
        #expect(failure?.message == row.message)
        #expect(failure?.hint == row.hint)
    }

    @Test("the keeper gets a clean environment, no terminal and no descriptor but the pipe")
    func surroundings() throws {
        let rig = try Rig(nil)
        let log = rig.directory.path("log")
        // No pipe stands beside `ls`: the shell would have its ends open for a moment.
        rig.starter = starter("env | sort > \(log); ls -l /proc/$$/fd >> \(log); printf 'x' >&3", rig)
        _ = try? KeeperSocket.connect(rig.context)
        let text = String(decoding: try Input.readFile(log, limit: 100_000, naming: "log"), as: UTF8.self)
        #expect(text.contains("SWIFT_BACKTRACE=enable=no\n"))
        #expect(text.contains("TACIT_VAULT=/v\n") && text.contains("XDG_A=b\n") && text.contains("HOME=/home/x\n"))
        #expect(!text.contains("SECRET"))
        #expect(text.components(separatedBy: "-> /dev/null\n").count == 4)
        #expect(text.components(separatedBy: "-> pipe:").count == 2)
    }

    @Test("the keeper is nobody's child, so that a long-lived command collects no dead keepers")
    func parentless() throws {
        let rig = try Rig(nil)
        let log = rig.directory.path("log")
        rig.starter = starter("echo $PPID > \(log); printf 'x' >&3", rig)
        _ = try? KeeperSocket.connect(rig.context)
        let parent = String(decoding: try Input.readFile(log, limit: 100, naming: "log"), as: UTF8.self)
        #expect(Int32(parent.dropLast()) != nil && parent != "\(getpid())\n")
    }

    @Test("a program that cannot be started is said to be so")
    func absentProgram() throws {
        let rig = try Rig(nil)
        var starter = starter("exit 0", rig)
        starter.program = rig.directory.path("absent")
        rig.starter = starter
        let failure = #expect(throws: CommandFailure.self) { try KeeperSocket.connect(rig.context) }
        #expect(failure?.message.hasPrefix("the keeper cannot be started: ") == true)
    }

    @Test("two starters at once: one keeper, two connections")
    func race() throws {
        let rig = try Rig(nil)
        let count = rig.directory.path("count")
        // The socket listens already under another name: the script only has to put it in place.
        let keeper = try FakeKeeper(rig.directory.path("hidden.sock"), ["GET /v1/status": { _ in .json(VaultStatus.of(.locked)) }])
        defer { keeper.stop() }
        rig.starter = starter("echo x >> \(count); mv \(keeper.path) \"$1\"; printf '\\006' >&3", rig)
        let context = rig.context
        let results = DispatchQueue.concurrentConnections(4) {
            (try? KeeperSocket.connect(context).get(WirePath.status, as: VaultStatus.self)) != nil
        }
        #expect(results == 4)
        #expect(try Input.readFile(count, limit: 100, naming: "count") == Array("x\n".utf8))
    }

    @Test("a stale socket is no keeper")
    func staleSocket() throws {
        let rig = try Rig(nil)
        let dead = try FakeKeeper(rig.paths.socket, [:])
        dead.stop()
        let keeper = try FakeKeeper(rig.directory.path("hidden.sock"), [:])
        defer { keeper.stop() }
        rig.starter = starter("mv \(keeper.path) \"$1\"; printf '\\006' >&3", rig)
        #expect(throws: Never.self) { try KeeperSocket.connect(rig.context) }
    }

    @Test("a runtime directory that others can enter is refused")
    func looseRuntime() throws {
        let rig = try Rig(nil)
        unsafe chmod(rig.paths.runtime, 0o755)
        rig.starter = starter("exit 0", rig)
        let failure = #expect(throws: CommandFailure.self) { try KeeperSocket.connect(rig.context) }
        #expect(failure?.hint == "chmod 700 \(rig.paths.runtime)")
    }
}

extension DispatchQueue {
    /// How many of `count` calls at once succeed.
    fileprivate static func concurrentConnections(_ count: Int, _ body: @escaping @Sendable () -> Bool) -> Int {
        let group = DispatchGroup()
        let total = Atomic()
        for _ in 0..<count {
            group.enter()
            Threads.start {
                if body() { total.add() }
                group.leave()
            }
        }
        group.wait()
        return total.value
    }

    private final class Atomic: @unchecked Sendable {
        private let lock = NSLock()
        private var number = 0
        func add() { lock.withLock { number += 1 } }
        var value: Int { lock.withLock { number } }
    }
}
