import Auditing
import Envelopes
import Model
import PlaintextDoor
import Policies
import Storage
import Synchronization
import TestKit

@testable import Secrets

/// A vault on an in-memory store, with every seam in the test's hands.
final class VaultBench: Sendable {
    let random: SeededRandom
    let machine: FakeMachine
    let store: InMemoryStore
    let memory: MemoryStateFile
    let pending: MemoryStateFile
    let backoff: MemoryStateFile
    let checkpoint: MemoryStateFile
    let runners = FakeRunners()
    let files = FakeSessionFiles()
    let brokers = FakeBrokers()
    let confinedDoors = FakeConfinedDoors()
    let staging = FakeStaging()
    let place: MovablePlace
    let vault: Vault

    static let password = "correct horse battery staple"

    /// What the places of the vault are refused for.
    let looseness: Looseness

    /// What happens before the store is opened.
    struct Opening: Sendable { let body: @Sendable () throws -> Void }

    /// A vault over a store that is there already, or is made by `create`. `wrapping` puts another store in front of the real one; `opening` comes before
    /// each time that it is opened.
    init(
        store: InMemoryStore = InMemoryStore(), isMade: Bool = false, machine: FakeMachine = FakeMachine(),
        memory: MemoryStateFile = MemoryStateFile(), pending: MemoryStateFile = MemoryStateFile(), backoff: MemoryStateFile = MemoryStateFile(),
        checkpoint: MemoryStateFile = MemoryStateFile(), reserve: any SpaceReserve = NoReserve(),
        hash: any PasswordHash = CheapHash(), holdTime: Duration = .zero, place: MovablePlace = MovablePlace(),
        opening: Opening = Opening {},
        wrapping: @escaping @Sendable (InMemoryStore) -> any VaultStore = { $0 }
    ) {
        random = SeededRandom()
        self.store = store
        self.machine = machine
        self.memory = memory
        self.pending = pending
        self.backoff = backoff
        self.checkpoint = checkpoint
        let flag = Flag(isMade)
        self.place = place
        let (staging, looseness) = (staging, Looseness())
        self.looseness = looseness
        vault = Vault(
            Vault.Foundation(
                openStore: { create in
                    try opening.body()
                    if create { flag.set() }
                    return await place.opened(store, published: staging.published, wrapping)
                }, storeExists: { place.leads(to: flag.isSet, published: staging.published) }, passwordHash: hash, clock: machine.clock,
                random: random.bytes,
                memory: memory, pending: pending,
                backoff: backoff, checkpoint: checkpoint, reserve: reserve, keeper: Self.origin, runners: runners, files: files,
                brokers: brokers, confinedDoors: confinedDoors, stagedStore: { staging.make() },
                hardening: { Hardening(coreLimit: 0, isDumpable: false) },
                checkPlaces: { if let error = looseness.error.withLock(\.self) { throw error } }, holdTime: holdTime))
    }

    /// Where the keeper and its peers are.
    static let origin = Origin(userID: 1000, userName: "ada", host: "bench", process: 1, executable: "/usr/bin/tacit", platform: "linux-x86_64")

    /// A vault that was made and is unlocked for the terminal.
    static func unlocked(hash: any PasswordHash = CheapHash()) async throws -> VaultBench {
        let bench = VaultBench(hash: hash)
        try await bench.create()
        return bench
    }

    /// A keeper that was started anew, on this vault or another copy of it. `remembers` says whether the machine knows what it saw before.
    func restarted(on store: InMemoryStore? = nil, remembers: Bool = true, wrapping: @escaping @Sendable (InMemoryStore) -> any VaultStore = { $0 })
        -> VaultBench
    {
        VaultBench(
            store: store ?? self.store, isMade: true, machine: machine, memory: remembers ? memory : MemoryStateFile(),
            pending: remembers ? pending : MemoryStateFile(), backoff: backoff, checkpoint: remembers ? checkpoint : MemoryStateFile(),
            wrapping: wrapping)
    }

    func create() async throws { _ = try await vault.create(password: Self.password.secret, by: nobody(), at: terminal) }

    @discardableResult func unlock(
        _ password: String = VaultBench.password, lease: Duration? = nil, isReadOnly: Bool = false, acceptingRollback: Bool = false
    )
        async throws -> Vault.UnlockReport
    {
        try await vault.unlock(
            password: password.secret, lease: lease, isReadOnly: isReadOnly, acceptingRollback: acceptingRollback, by: nobody(), at: terminal)
    }

    func lock() async throws { try await vault.lock(by: person()) }

    func relock() async throws {
        try await lock()
        try await unlock()
    }

    var open: OpenVault { get throws { try vault.opened(for: person()) } }
}

/// A password hash that costs nothing.
struct CheapHash: PasswordHash {
    func derive(password: SecretValue, parameters: PasswordHashParameters) throws -> SecretValue {
        password.withPlaintext(PlaintextDoor()) { bytes in
            unsafe SecretValue(capacity: 32) { target in
                for index in 0..<32 { unsafe target[index] = parameters.salt[index % 16] &+ UInt8(index) }
                for index in 0..<bytes.byteCount {
                    let byte = unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
                    unsafe target[index % 32] = (target[index % 32] &* 31) ^ byte
                }
                return 32
            }
        }
    }
}

/// Why the places of a vault are refused; nil while they are the user's alone.
final class Looseness: Sendable {
    let error = Mutex<StoreError?>(nil)
}

final class Flag: Sendable {
    private let state: Mutex<Bool>
    init(_ value: Bool) { state = Mutex(value) }
    var isSet: Bool { state.withLock { $0 } }
    func set(_ value: Bool = true) { state.withLock { $0 = value } }
}

/// Both clocks of a machine. They tick a little at each reading, as real ones do.
final class FakeMachine: Sendable {
    private struct State {
        var wall: Int64 = 1_795_248_000_000_000_000
        var boot: Int64 = 1_000_000_000_000
        var bootID = BootID(random: RandomBytes { [UInt8](repeating: 7, count: $0) })
    }

    private let state = Mutex(State())

    var clock: MachineClock {
        MachineClock {
            self.state.withLock { state in
                state.wall += 1000
                state.boot += 1000
                return ClockReading(wall: Timestamp(nanoseconds: state.wall), bootID: state.bootID, bootTime: state.boot)
            }
        }
    }

    var wall: Timestamp { state.withLock { Timestamp(nanoseconds: $0.wall) } }

    /// Time passes.
    func advance(_ duration: Duration) {
        state.withLock {
            $0.wall += duration.wholeNanoseconds
            $0.boot += duration.wholeNanoseconds
        }
    }

    /// The machine starts anew; the time of day goes on, or is set.
    func reboot(wallMoves: Duration = .seconds(60)) {
        state.withLock { state in
            state.wall += wallMoves.wholeNanoseconds
            state.boot = 1_000_000_000
            let count = UInt8(truncatingIfNeeded: state.wall)
            state.bootID = BootID(random: RandomBytes { [UInt8](repeating: count | 1, count: $0) })
        }
    }

    /// Somebody sets the clock.
    func setWall(by duration: Duration) { state.withLock { $0.wall += duration.wholeNanoseconds } }
}

/// A state file in memory; it can be made to fail.
final class MemoryStateFile: StateFile {
    private let state = Mutex<(bytes: [UInt8]?, fails: Bool, isLoose: Bool)>((nil, false, false))

    func load() throws -> [UInt8]? {
        try state.withLock { state in
            if state.isLoose { throw TestFailure("not yours alone") }
            return state.bytes
        }
    }

    func store(_ bytes: [UInt8]) throws {
        try state.withLock { state in
            if state.fails || state.isLoose { throw TestFailure("no room") }
            state.bytes = bytes
        }
    }

    func append(_ bytes: [UInt8]) throws {
        try state.withLock { state in
            if state.fails { throw TestFailure("no room") }
            state.bytes = (state.bytes ?? []) + bytes
        }
    }

    /// The bytes as somebody else sees and changes them.
    var bytes: [UInt8]? {
        get { state.withLock { $0.bytes } }
        set { state.withLock { $0.bytes = newValue } }
    }

    /// Nothing can be read or written, as in a file that others may touch.
    func loosen(_ isLoose: Bool) { state.withLock { $0.isLoose = isLoose } }

    func fail(_ fails: Bool) { state.withLock { $0.fails = fails } }
}

/// Counts what is asked of it, and runs nothing.
final class FakeRunners: RunnerSupply {
    private struct State {
        var isAlive = false
        var prepared = 0
        var jobs: [RunJob] = []
        var failure: EngineError?
        var refusal: EngineError?
        var pause: (@Sendable () async throws -> Void)?
        var meanwhile: (@Sendable () async throws -> Void)?
        var opened: [RunJob] = []
        var program = OpenedProgram(path: "/usr/bin/curl", names: ["curl"], runsAnyCode: false, isWritableByCaller: false, isBound: true)
        var inode: Int64 = 7
    }

    private let state = Mutex(State())

    var isAlive: Bool? { state.withLock { $0.isAlive } }
    var preparations: Int { state.withLock { $0.prepared } }
    var jobs: [RunJob] { state.withLock { $0.jobs } }
    /// Jobs whose program was opened, started or not.
    var opened: [RunJob] { state.withLock { $0.opened } }
    func fail(with error: EngineError?) { state.withLock { $0.failure = error } }
    /// Refuses to open programs.
    func refuse(with error: EngineError?) { state.withLock { $0.refusal = error } }
    /// What is found when a program is opened.
    func find(_ program: OpenedProgram) { state.withLock { $0.program = program } }
    /// Puts another directory wherever one is opened.
    func moveDirectories() { state.withLock { $0.inode += 1 } }
    /// Runs between the request for a runner and its start.
    func beforeStart(_ body: @escaping @Sendable () async throws -> Void) { state.withLock { $0.pause = body } }
    /// Runs while a program is opened.
    func whenOpening(_ body: @escaping @Sendable () async throws -> Void) { state.withLock { $0.meanwhile = body } }
    func forget() { state.withLock { $0.jobs = [] } }

    func prepare() async throws {
        state.withLock {
            $0.isAlive = true
            $0.prepared += 1
        }
    }

    func retire() { state.withLock { $0.isAlive = false } }

    func open(_ job: RunJob) async throws -> any WaitingRun {
        try await state.withLock { $0.meanwhile }?()
        return try state.withLock { state in
            if let refusal = state.refusal { throw refusal }
            state.opened.append(job)
            var program = state.program
            if job.takesFingerprint, program.fingerprint == nil {
                program.fingerprint = ProgramFingerprint(parsing: String(repeating: "ab", count: 32))
            }
            // As a link to it would be followed.
            let directory = job.workingDirectory.map { FilePlace(path: "/real\($0)", device: 1, inode: state.inode) }
            return FakeWaitingRun(
                program: program, directory: directory, doorPlace: job.sandbox?.hasKeeper == true ? FakePlace() : nil, runners: self)
        }
    }

    fileprivate func start(_ job: RunJob) async throws -> Launched {
        try await state.withLock { $0.pause }?()
        return try state.withLock { state in
            if let failure = state.failure { throw failure }
            state.jobs.append(job)
            return Launched(descriptor: -1, program: [("executed", job.arguments[0])], notices: [])
        }
    }
}

private final class FakeWaitingRun: WaitingRun {
    let program: OpenedProgram
    let directory: FilePlace?
    let doorPlace: (any DoorPlace)?
    private let runners: FakeRunners

    init(program: OpenedProgram, directory: FilePlace?, doorPlace: (any DoorPlace)?, runners: FakeRunners) {
        (self.program, self.directory, self.doorPlace, self.runners) = (program, directory, doorPlace, runners)
    }

    func start(_ job: RunJob) async throws -> Launched { try await runners.start(job) }
}

private final class FakePlace: DoorPlace {
    let socketPath: String? = "/run/proxy.sock"
}

extension String { var secret: SecretValue { SecretValue(copying: unsafe Array(utf8).span.bytes) } }

extension SecretValue {
    var text: String { withPlaintext(PlaintextDoor()) { bytes in unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) } } }
    var bytes: [UInt8] { withPlaintext(PlaintextDoor()) { bytes in unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) } } }
}
