import Brokering
import Model
import Secrets
import Synchronization

/// The tokens of a door's programs: those that it was opened with, and those that came since.
final class HeldTokens: Sendable {
    private let state: Mutex<State>

    private struct State {
        var tokens: [GrantID: FakeToken]
        var signing: [SigningGrants]
        var compiled: SessionTokens
    }

    init(_ setup: DoorSetup) {
        state = Mutex(
            State(tokens: setup.tokens, signing: setup.signing, compiled: SessionTokens(setup.tokens, signing: setup.signing)))
    }

    /// As they are looked for.
    var session: SessionTokens { state.withLock { $0.compiled } }

    /// What stands in replies where the values of their grants stood.
    var standIns: [GrantID: FakeToken] { state.withLock { $0.tokens } }

    /// Takes the tokens of new credentials. Those of the parts of an AWS key sign together from then on.
    func take(_ sealed: [SealedCredential], for values: [SecretValue]) {
        let parts = zip(sealed, values).compactMap { credential, value in
            SigningPart(of: value).map { (kind: $0, shown: credential.text as String?, grant: credential.grant) }
        }
        let signing = SigningGrants(parts)
        state.withLock { state in
            let known = (state.tokens.count, state.signing.count)
            for credential in sealed { if let grant = credential.grant { state.tokens[grant] = FakeToken(text: credential.text) } }
            if let signing, !state.signing.contains(signing) { state.signing.append(signing) }
            guard (state.tokens.count, state.signing.count) != known else { return }
            state.compiled = SessionTokens(state.tokens, signing: state.signing)
        }
    }
}
