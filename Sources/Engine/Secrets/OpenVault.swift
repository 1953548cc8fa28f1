import Auditing
import Envelopes
import Model
import Policies
import Storage
import Synchronization

/// An unlocked vault: its keys, its log and its rules. Its verbs are the extensions in `Verbs`.
package final class OpenVault: Sendable {
    let keyring: Keyring
    let store: any VaultStore
    let foundation: Vault.Foundation
    let lasting: Lasting
    let book: RecordBook
    let writer: AuditWriter
    let authorizer: Authorizer
    let policy = PolicyBook()
    let sessions = AgentSessionBook()
    let freeze = AgentFreeze()
    let misuses = MisuseBook()
    let rotations = RotationMark()
    let traces = TraceMark()
    let files: SessionFileBook
    let brokers: BrokerBook
    let traffic = TrafficBook()
    let agentDoors = AgentDoors()
    let waitingPrograms = WaitingPrograms()
    let refreshes = RefreshBook()
    let names: NamedRecords
    let places = PlaceCache()
    let metadataCache = MetadataCache()
    let sentry: ClockSentry
    /// One change of keys, slots, policy, agents, projects or environments at a time: each looks at rows that another changes.
    let administration = Gate()
    /// One change of agents' requests at a time.
    let requestGate = Gate()
    /// Rings when a request is made or decided.
    let bell: DecisionBell
    /// No other unlock has it.
    let opening: VaultID
    /// The C2SP key that verifies the checkpoints that are signed now.
    package var verifierKey: String { get throws { try keyring.logKeys().current.signer.verifierKey } }
    /// What a person should know.
    var warnings: [String] {
        let clock = sentry.floor().map {
            "the clock went back: it cannot be earlier than \($0.seconds) (accept it with `tacit doctor --accept-clock`)"
        }
        let frozen = freeze.since.map { "agents are frozen since \($0.seconds): a person lets them act again with `tacit panic --thaw`" }
        let alone =
            freeze.count > 0
            ? "\(freeze.count == 1 ? "an agent is" : "\(freeze.count) agents are") frozen for a misused fake token: a person lets them act again with `tacit panic --thaw`"
            : nil
        return [policy.warning, clock, frozen, alone, misuses.warning, rotations.warning, traces.warning].compactMap(\.self)
    }

    var clock: MachineClock { foundation.clock }
    var random: RandomBytes { foundation.random }
    var organization: OrganizationID { keyring.organization }

    init(keyring: Keyring, store: any VaultStore, foundation: Vault.Foundation, lasting: Lasting, log: LogState) throws {
        self.keyring = keyring
        self.store = store
        self.foundation = foundation
        self.lasting = lasting
        files = SessionFileBook(foundation.files)
        brokers = BrokerBook(foundation.brokers)
        opening = VaultID(random: foundation.random)
        bell = DecisionBell(start: foundation.random.bytes(6).reduce(0) { $0 << 8 | UInt64($1) })
        book = RecordBook(keyring: keyring, store: store)
        names = NamedRecords(keyring: keyring, book: book, random: foundation.random, clock: foundation.clock)
        let keys = try keyring.logKeys()
        sentry = ClockSentry(foundation.clock, resuming: log.clockWatch)
        writer = AuditWriter(
            organization: keyring.organization, store: store, keys: keys.current, memory: try keyring.headMemory(foundation.memory),
            witness: CheckpointWitness(file: foundation.checkpoint, epochs: keys.epochs), sentry: sentry, lasting: lasting,
            reserve: foundation.reserve, log: log)
        authorizer = Authorizer(
            writer: writer, clock: foundation.clock, policy: policy, denials: DenialLog(), ongoing: lasting.ongoing, sessions: sessions,
            freeze: freeze)
    }
}

/// Where the log stood when the vault was opened.
struct LogState: Sendable {
    /// Behind which it begins: nothing, unless it was pruned.
    var start: LogHead
    var head: LogHead
    var digest: RecordsDigest
    /// The last checkpoint that is stored.
    var checkpoint: StoredCheckpoint?
    var clockWatch = ClockWatch()
}
