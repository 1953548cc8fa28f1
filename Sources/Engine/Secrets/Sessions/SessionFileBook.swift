import Model
import Synchronization

/// A session file that is there.
struct SessionFile: Sendable {
    let id: String
    let holder: SessionHolder
    let agent: String
    /// The sessions in which its values were had: it ends with the first of them.
    let sessions: Set<String>
    let holdings: [Holding]
    /// Since boot.
    let until: Timestamp
    /// Whether what stands in it is judged anew whenever it is used: another policy leaves it where it is.
    var isJudgedInUse = false

    /// One secret that the file has something of.
    struct Holding: Sendable, Equatable {
        var secret: SecretID
        var kind: Kind

        enum Kind: Sendable {
            /// A reference or a fake token: whoever uses it is told what is true then.
            case reference
            /// The value that was current.
            case value
            /// The value of a version that was named.
            case pinnedValue
        }
    }
}

/// What happened to a secret, as far as it matters to files that have something of it.
enum SecretFate {
    /// Another version is current.
    case renewed
    /// It is called, tagged or to expire otherwise: rules may say otherwise of it.
    case described
    /// It was deleted or purged.
    case gone

    func ends(_ kind: SessionFile.Holding.Kind) -> Bool {
        switch self {
        case .renewed: kind == .value
        case .described: kind != .reference
        case .gone: true
        }
    }
}

/// The session files of one unlock. All of them end with it.
final class SessionFileBook: Sendable {
    /// The most files of one holder, of all processes without a badge, and of all: whoever makes processes leaves room for the agents that are known.
    static let limitPerHolder = 32
    static let limitWithoutBadge = 64
    static let limit = 256

    private let supply: any SessionFileSupply
    private let state = Mutex<(files: [String: SessionFile], isClosed: Bool)>(([:], false))

    init(_ supply: any SessionFileSupply) { self.supply = supply }

    func hasRoom(for holder: SessionHolder) -> Bool { state.withLock { Self.hasRoom(in: $0.files, for: holder) } }

    private static func hasRoom(in files: [String: SessionFile], for holder: SessionHolder) -> Bool {
        guard files.count < limit, files.values.count(where: { $0.holder == holder }) < limitPerHolder else { return false }
        return !holder.isProcess || files.values.count(where: \.holder.isProcess) < limitWithoutBadge
    }

    /// Writes a file. Its entry comes before its content: a lock either finds it, or keeps it from being made.
    func make(_ file: SessionFile, _ draft: SessionFileDraft, ended: @escaping @Sendable (SessionFile) -> Void) throws -> SessionFilePlace {
        try enter(file)
        // Whether its last reader has come, who takes it out of the book as well.
        let wasRead = Atomic<Bool>(false)
        do {
            let place = try supply.make(draft) { [weak self] in
                wasRead.store(true, ordering: .sequentiallyConsistent)
                if self?.forget(file.id) == true { ended(file) }
            }
            let (isHere, isClosed) = state.withLock { ($0.files[file.id] != nil, $0.isClosed) }
            // Who ended it while it was written has looked for it too early.
            guard isHere || wasRead.load(ordering: .sequentiallyConsistent) && !isClosed else {
                supply.remove(file.id)
                throw isClosed ? EngineError.locked : EngineError.invalid("the file was ended while it was written", hint: "repeat the call")
            }
            return place
        } catch {
            _ = forget(file.id)
            throw error
        }
    }

    /// Removes files, and gives back which.
    func end(where isMeant: (SessionFile) -> Bool) -> [SessionFile] {
        let ended = state.withLock { state in
            let ended = state.files.values.filter(isMeant)
            for file in ended { state.files[file.id] = nil }
            return ended
        }
        for file in ended { supply.remove(file.id) }
        return ended.sorted { $0.id < $1.id }
    }

    /// Removes every file, and lets no other be made.
    func close() -> [SessionFile] {
        state.withLock { $0.isClosed = true }
        return end { _ in true }
    }

    func count(of holder: SessionHolder) -> Int { state.withLock { $0.files.values.count(where: { $0.holder == holder }) } }

    private func enter(_ file: SessionFile) throws {
        try state.withLock { state in
            guard !state.isClosed else { throw EngineError.locked }
            // Another may have come since there was room.
            guard Self.hasRoom(in: state.files, for: file.holder) else { throw EngineError.tooMany("session files") }
            state.files[file.id] = file
        }
    }

    private func forget(_ id: String) -> Bool { state.withLock { $0.files.removeValue(forKey: id) != nil } }
}
