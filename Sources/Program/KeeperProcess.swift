import APIServer
import Auditing
import CProcess
import Glibc
import KernelPeers
import Model
import PasswordKeys
import SQLiteDatabase
import Secrets
import StateFiles
import Storage
import TacitWire

/// The keeper: adapters, vault and server put together, in the foreground until a signal ends it.
struct KeeperProcess {
    let paths: LocalPaths
    /// Told once the socket listens, or why it does not.
    let onReady: @Sendable () -> Void

    static let version = "0.1.0"

    func run() async throws {
        guard unsafe tacit_harden("tacit-keeper") == 0 else { throw KeeperError.cannotHarden }
        let lock = try KeeperLock(path: paths.keeperLock)
        defer { lock.release() }
        try PrivateDirectory.make(paths.state)
        unsafe unlink(paths.socket)
        let runners = RunnerLauncher()
        let vault = Vault(foundation(runners))
        let finder = KernelPeers()
        let peers = PeerFinder { process, user, pinned in finder.peer(process: process, user: user, pinned: pinned) }
        let server = KeeperServer(vault: vault, peers: peers, version: Self.version, process: getpid())
        let socket = paths.socket
        let ready = onReady
        umask(0o077)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await Self.lockWhenIdle(vault) }
            try await server.serve(on: socket) {
                unsafe chmod(socket, 0o600)
                ready()
            }
            group.cancelAll()
        }
        try? await vault.lock(by: Secrets.Asker(standing: .unidentified, source: .keeper, origin: Host.origin()))
        unsafe unlink(socket)
    }

    private func foundation(_ runners: RunnerLauncher) -> Vault.Foundation {
        let paths = paths
        return Vault.Foundation(
            openStore: { create in try SQLiteStore.open(directory: paths.vault, create: create) },
            storeExists: { unsafe access("\(paths.vault)/vault.db", F_OK) == 0 },
            passwordHash: Argon2id(), clock: Host.clock(),
            memory: DiskStateFile(path: paths.rollbackMemory, durability: .lazy),
            pending: DiskStateFile(path: paths.pending, durability: .flushed), keeper: Host.origin(), runners: runners)
    }

    /// Asks every few seconds: the deadline moves with each act of a person.
    private static func lockWhenIdle(_ vault: Vault) async throws {
        while true {
            try await Task.sleep(for: .seconds(5), tolerance: .seconds(1))
            try? await vault.lockIfIdle()
        }
    }
}

/// Why the keeper does not start.
enum KeeperError: Diagnosable, Equatable {
    case cannotHarden
    case running
    case noDirectory(String)
    case loose(String)

    var code: String { "keeper.cannot-start" }

    var message: String {
        switch self {
        case .cannotHarden: "the keeper could not protect its own memory"
        case .running: "another keeper holds this vault"
        case .noDirectory(let path): "\(path) could not be made"
        case .loose(let path): "\(path) is not yours alone"
        }
    }

    var hint: String? {
        switch self {
        case .loose(let path): "chmod 700 \(path), and make sure that you own it"
        default: nil
        }
    }
}
