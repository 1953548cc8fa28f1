import Glibc
import Model
import TestKit
import Testing

@testable import KernelPeers

/// glibc's, which its header shows only to those who ask for GNU's extensions.
@_silgen_name("pidfd_open")
private func pidfd_open(_ process: pid_t, _ flags: UInt32) -> Int32

/// A kernel session of its own with processes in known places, all of them asleep.
private final class SampleSession {
    private let leader: ChildProcess
    private(set) var processes: [String: Int32] = [:]

    private static let script = """
        echo leader $$
        sleep 600 & echo child $!
        ( sleep 600 & echo forked $!; wait ) &
        ( ( ( sleep 600 & echo forked-thrice $!; wait ) & wait ) & wait ) &
        /bin/sh -c 'sleep 600 & echo beyond-a-shell $!; wait' a &
        timeout 600 /bin/sh -c 'echo beyond-a-program $$; exec sleep 600' &
        timeout 600 /bin/sh -c 'sleep 600 & echo beyond-both $!; wait' &
        ( sh -c 'sleep 600 & echo orphan $!' )
        setsid sleep 600 & echo elsewhere $!
        wait
        """
    private static let names = [
        "leader", "child", "forked", "forked-thrice", "beyond-a-shell", "beyond-a-program", "beyond-both", "orphan", "elsewhere",
    ]

    init() throws {
        leader = try ChildProcess("/usr/bin/setsid", ["/bin/sh", "-c", Self.script])
        while processes.count < Self.names.count {
            let words = leader.readLine()?.split(separator: " ") ?? []
            guard words.count == 2 else { throw TestFailure("the session did not begin") }
            processes[String(words[0])] = Int32(words[1])
        }
        // A process prints before, or is printed about while, it becomes what it is to be.
        for (name, process) in processes where name != "leader" {
            try waitUntil("\(name) sleeps") { executable(process).hasSuffix("/sleep") || executable(process).hasSuffix("/coreutils") }
        }
    }

    deinit {
        for process in processes.values { kill(process, SIGKILL) }
        if let leader = processes["leader"] { kill(-leader, SIGKILL) }
    }

    func peer(_ name: String, by peers: KernelPeers = KernelPeers()) -> Peer? {
        guard let process = processes[name] else { return nil }
        return peers.peer(process: process, user: geteuid(), pinned: pidfd_open(process, 0))
    }

    func end(_ name: String) {
        if let process = processes[name] { kill(process, SIGKILL) }
    }

    func endLeader() {
        leader.kill()
        leader.wait()
    }

    private func executable(_ process: Int32) -> String { ProcessFiles.executable(of: process) }
}

private func waitUntil(_ what: String, _ isSo: () -> Bool) throws {
    for _ in 0..<5000 where !isSo() { usleep(1000) }
    guard isSo() else { throw TestFailure("waited in vain until \(what)") }
}

@Suite("Who is at the other end")
struct KernelPeersTests {
    @Test("only the leader, its children and children of its forks are next to it")
    func places() throws {
        let session = try SampleSession()
        let expected: [String: Peer.Place] = [
            "leader": .nextToLeader, "child": .nextToLeader, "forked": .nextToLeader, "forked-thrice": .nextToLeader, "beyond-a-shell": .behind("sh"),
            "beyond-a-program": .behind("timeout"), "beyond-both": .behind("timeout"), "orphan": .adopted,
        ]
        for (name, place) in expected {
            let peer = try #require(session.peer(name), "\(name)")
            #expect(peer.place == place, "\(name)")
            #expect(peer.session?.id == session.processes["leader"], "\(name)")
            #expect(peer.process == session.processes[name])
        }
    }

    @Test("whoever is started by the first process of a container may as well be an orphan that came to it", .enabled(if: geteuid() == 0))
    func container() throws {
        let script = "read own rest </proc/self/stat; echo leader $own; ( read own rest </proc/self/stat; echo child $own; exec sleep 600 ) & wait"
        let first = try ChildProcess("/usr/bin/unshare", ["--pid", "--fork", "--kill-child", "/usr/bin/setsid", "/bin/sh", "-c", script])
        var processes: [String: Int32] = [:]
        while processes.count < 2, let words = first.readLine()?.split(separator: " ") { processes[String(words[0])] = Int32(words[1]) }
        let leader = try #require(processes["leader"])
        let child = try #require(processes["child"])
        try waitUntil("the child sleeps") { ProcessFiles.executable(of: child).hasSuffix("sleep") }
        let peers = KernelPeers()
        #expect(peers.peer(process: leader, user: 0, pinned: pidfd_open(leader, 0))?.place == .nextToLeader)
        #expect(peers.peer(process: child, user: 0, pinned: pidfd_open(child, 0))?.place == .belowFirstProcess)
    }

    @Test("a process that made a session of its own is in that one")
    func otherSession() throws {
        let session = try SampleSession()
        let process = session.processes["elsewhere"]
        try waitUntil("it has its session") { session.peer("elsewhere")?.session?.id == process }
        #expect(session.peer("elsewhere")?.session != session.peer("leader")?.session)
    }

    @Test("when the leader has ended there is no session, and nobody is next to it")
    func leaderGone() throws {
        let session = try SampleSession()
        session.endLeader()
        let peer = try #require(session.peer("child"))
        #expect(peer.session == nil)
        #expect(peer.place == .leaderless)
    }

    @Test("a process that has ended is nobody, and its pidfd is closed")
    func ended() throws {
        let session = try SampleSession()
        let process = try #require(session.processes["child"])
        // A number that no other test gets as soon as it is free.
        let opened = pidfd_open(process, 0)
        let pinned = fcntl(opened, F_DUPFD_CLOEXEC, 900)
        close(opened)
        session.end("child")
        try waitUntil("it has ended") {
            var state = pollfd(fd: pinned, events: Int16(POLLIN), revents: 0)
            return unsafe poll(&state, 1, 0) == 1
        }
        #expect(KernelPeers().peer(process: process, user: geteuid(), pinned: pinned) == nil)
        #expect(fcntl(pinned, F_GETFD) == -1)
        #expect(KernelPeers().peer(process: getpid(), user: geteuid(), pinned: -1) == nil)
    }

    @Test("the facts of this process are its own")
    func own() throws {
        let peer = try #require(KernelPeers().peer(process: getpid(), user: geteuid(), pinned: pidfd_open(getpid(), 0)))
        #expect(peer.process == getpid() && peer.userID == geteuid())
        #expect(peer.executable.hasPrefix("/") && peer.isOwnProgram)
        #expect(peer.session == nil || peer.session?.id == getsid(0))
    }

    @Test("a user without a name is called by its number")
    func nameless() throws {
        let peer = try #require(KernelPeers().peer(process: getpid(), user: 3_999_999_999, pinned: pidfd_open(getpid(), 0)))
        #expect(peer.userName == "3999999999")
    }
}
