import Auditing
import Brokering
import Model
import Synchronization

/// The tokens that stood in files of a run, each of which is written down once.
final class ShownTokens: Sendable {
    private let noted = Mutex<Set<GrantID>>([])

    /// Whether it is the first time.
    func note(_ id: GrantID) -> Bool { noted.withLock { $0.insert(id).inserted } }
}

/// Texts of runs' files that nobody could look up, since the vault was locked.
final class UnknownTexts: Sendable {
    /// Of more than so many nobody will know.
    private static let most = 4096

    private let kept = Mutex<[(asker: Asker, text: [UInt8])]>([])

    func keep(_ texts: [[UInt8]], of asker: Asker) {
        kept.withLock { kept in for text in texts where kept.count < Self.most { kept.append((asker, text)) } }
    }

    func take() -> [(asker: Asker, text: [UInt8])] {
        kept.withLock { kept in
            defer { kept = [] }
            return kept
        }
    }
}

extension OpenVault {
    /// Whether one of the texts, which an agent's run left in a file, is a fake token, of whatever run or agent. Each is a misuse.
    func isTrap(_ texts: [[UInt8]], of asker: Asker, noted: ShownTokens) async throws -> Bool {
        var isTrap = false
        for text in texts {
            guard let found = try await grant(recognising: text) else { continue }
            isTrap = true
            guard noted.note(found.id) else { continue }
            let code =
                switch found.record.state(at: expiryClock()) {
                case .live: found.record.agent == asker.agent ? Self.tokenInFile : EngineError.Denial.tokenForeign.code
                case .expired: EngineError.Denial.tokenExpired.code
                case .revoked: EngineError.Denial.tokenRevoked.code
                }
            try await noteMisuse(code, by: asker, on: [AuditSubject(secret: found.secret, record: found.id.cast())])
        }
        return isTrap
    }

    private static let tokenInFile = "token.in-file"

    /// Looks up what files held that left runs while the vault was locked.
    func lookUpKept() async {
        let noted = ShownTokens()
        for (asker, text) in lasting.shown.take() { _ = try? await isTrap([text], of: asker, noted: noted) }
    }
}
