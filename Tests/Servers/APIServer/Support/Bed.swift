import Auditing
import Envelopes
import Glibc
import Model
import NIOCore
import PlaintextDoor
import Policies
import Secrets
import Storage
import Synchronization
import TestKit

@testable import APIServer

/// A keeper's server on a socket of its own, before a vault in memory. Whoever connects is who the test says.
///
/// The bed owns the server's task, and each connection holds the bed: the server ends once neither is needed any more, not at the bed's last mention.
final class Bed: Sendable {
    static let password = "CANARY-a good password"

    let clock = FakeClock()
    let runners = FakeRunners()
    let vault: Vault
    let socket: String
    private let directory: TemporaryDirectory
    private let peers: Mutex<Peer>
    private let serving = Mutex<Task<Void, Never>?>(nil)

    /// A person's shell.
    static let person = Peer(
        userID: geteuid(), userName: "someone", process: getpid(), executable: "/bin/tacit", isOwnProgram: true,
        session: KernelSession(id: 7, leaderStart: 1, terminal: 1), place: .nextToLeader)

    init(_ adjust: (inout KeeperServer) -> Void = { _ in }) async throws {
        directory = try TemporaryDirectory("tacit-api")
        socket = directory.path("keeper.sock")
        peers = Mutex(Self.person)
        let store = InMemoryStore()
        let exists = Mutex(false)
        let clock = clock
        let origin = Origin(userID: geteuid(), userName: "someone", host: "host", process: 1, executable: "/bin/tacit", platform: "test")
        vault = Vault(
            Vault.Foundation(
                openStore: { create in
                    if create { exists.withLock { $0 = true } }
                    await store.outliveClosing()
                    return store
                }, storeExists: { exists.withLock { $0 } }, passwordHash: QuickHash(),
                clock: MachineClock {
                    ClockReading(wall: clock.time, bootID: BootID(random: SeededRandom.quiet), bootTime: clock.time.nanoseconds)
                }, memory: MemoryFile(), pending: MemoryFile(), backoff: MemoryFile(), checkpoint: MemoryFile(), keeper: origin, runners: runners))
        var server = KeeperServer(vault: vault, peers: PeerFinder { [weak self] in self?.peer(pinned: $2) }, version: "test", process: 1)
        adjust(&server)
        try await start(server)
    }

    deinit { serving.withLock { $0?.cancel() } }

    /// Who connects from now on.
    var peer: Peer {
        get { peers.withLock { $0 } }
        set { peers.withLock { $0 = newValue } }
    }

    /// A peer in another kernel session.
    func becomeStranger() {
        peers.withLock { $0.session = KernelSession(id: 8, leaderStart: 2, terminal: 2) }
    }

    func becomePerson() { peers.withLock { $0 = Self.person } }

    private func peer(pinned: Int32) -> Peer {
        close(pinned)
        return peer
    }

    private func start(_ server: KeeperServer) async throws {
        let socket = socket
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let waiting = Mutex<CheckedContinuation<Void, any Error>?>(continuation)
            let task = Task {
                do {
                    try await server.serve(on: socket) {
                        waiting.withLock { $0.take() }?.resume()
                    } stopping: {
                    }
                } catch {
                    waiting.withLock { $0.take() }?.resume(throwing: error)
                }
            }
            serving.withLock { $0 = task }
        }
    }

    func connect() throws -> Client { try Client(of: self) }

    /// A vault with a person unlocked in session 7, on a connection of hers.
    func withVault() async throws -> Client {
        let client = try connect()
        let answer = try await client.ask("POST", "/v1/vault", octets: Self.password)
        guard answer.status == 201 else { throw TestFailure("no vault: \(answer.text)") }
        return client
    }
}

extension SeededRandom {
    /// Always the same machine start.
    static let quiet = RandomBytes { Array(repeating: 7, count: $0) }
}

/// A hash that costs nothing: for tests of what is around it.
private struct QuickHash: PasswordHash {
    func derive(password: SecretValue, parameters: PasswordHashParameters) throws -> SecretValue {
        var state = parameters.salt + parameters.salt
        password.withPlaintext(PlaintextDoor()) { bytes in
            for index in 0..<(max(64, bytes.byteCount) * 4) {
                let byte = bytes.byteCount == 0 ? 0 : unsafe bytes.unsafeLoad(fromByteOffset: index % bytes.byteCount, as: UInt8.self)
                let mixed =
                    UInt64(state[index % 32]) &* 0x9E37_79B9 &+ UInt64(byte) &* 0x85EB_CA6B &+ UInt64(state[(index + 13) % 32]) &+ UInt64(index)
                state[(index + 1) % 32] = UInt8(truncatingIfNeeded: mixed ^ (mixed >> 11) ^ (mixed >> 23))
            }
        }
        return SecretValue(copying: unsafe state.span.bytes)
    }
}

private final class MemoryFile: StateFile {
    private let content = Mutex<[UInt8]?>(nil)

    func load() throws -> [UInt8]? { content.withLock { $0 } }
    func store(_ bytes: [UInt8]) throws { content.withLock { $0 = bytes } }
    func append(_ bytes: [UInt8]) throws { content.withLock { $0 = ($0 ?? []) + bytes } }
}

/// Runners that do what the test does with their end of the socket.
final class FakeRunners: RunnerSupply {
    private struct State {
        var ends: [Int32] = []
        var jobs: [RunJob] = []
        var notices: [String] = []
        var failure: (any Error)?
    }

    private let state = Mutex(State())

    func prepare() async throws {}
    func retire() {}

    deinit {
        for end in state.withLock(\.ends) { close(end) }
    }

    func open(_ job: RunJob) async throws -> any WaitingRun { FakeWaitingRun(runners: self) }

    fileprivate func start(_ job: RunJob) throws -> Launched {
        var ends: [Int32] = [-1, -1]
        guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else { throw TestFailure("no socket pair") }
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        unsafe setsockopt(ends[1], SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        return try state.withLock { state in
            if let failure = state.failure { throw failure }
            state.ends.append(ends[1])
            state.jobs.append(job)
            return Launched(descriptor: ends[0], program: [("executed", "/bin/true")], notices: state.notices)
        }
    }

    func fail(with error: (any Error)?) { state.withLock { $0.failure = error } }
    func tell(_ notices: [String]) { state.withLock { $0.notices = notices } }

    var jobs: [RunJob] { state.withLock(\.jobs) }
    /// The runner's end of the last run.
    var last: Int32 { state.withLock { $0.ends.last ?? -1 } }

    func closeLast() {
        let end = state.withLock { $0.ends.popLast() }
        if let end { close(end) }
    }
}

private final class FakeWaitingRun: WaitingRun {
    let program = OpenedProgram(path: "/bin/true", names: ["true"], runsAnyCode: false, isWritableByCaller: false, isBound: true)
    let directory: FilePlace? = nil
    private let runners: FakeRunners

    init(runners: FakeRunners) { self.runners = runners }

    func start(_ job: RunJob) async throws -> Launched { try runners.start(job) }
}
