import Brokering
import Model
import Secrets
import Synchronization

/// The tokens of a door's programs: those that it was opened with, and those that came since.
final class HeldTokens: Sendable {
    private let state: Mutex<State>

    private struct State {
        var tokens: [GrantID: FakeToken]
        var compiled: SessionTokens
    }

    private let signing: [SigningGrants]

    init(_ setup: DoorSetup) {
        signing = setup.signing
        state = Mutex(State(tokens: setup.tokens, compiled: SessionTokens(setup.tokens, signing: setup.signing)))
    }

    /// As they are looked for.
    var session: SessionTokens { state.withLock { $0.compiled } }

    /// What stands in replies where the values of their grants stood.
    var standIns: [GrantID: FakeToken] { state.withLock { $0.tokens } }

    func take(_ sealed: [SealedCredential]) {
        state.withLock { state in
            let known = state.tokens.count
            for credential in sealed { if let grant = credential.grant { state.tokens[grant] = FakeToken(text: credential.text) } }
            if state.tokens.count > known { state.compiled = SessionTokens(state.tokens, signing: signing) }
        }
    }
}
