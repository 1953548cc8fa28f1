import Brokering
import Model
import Redaction
import Secrets
import Synchronization

/// The values that were released to this broker, until it ends: what is searched for in every reply. None is forgotten, also where a newer one stands for
/// the same grant: a service may go on showing the one before.
final class HeldValues: Sendable {
    /// How many guesses its replies may still answer, all of them together.
    let answers = AnswerBook()

    private struct State {
        var needles: [Needle] = []
        /// The last signatures that were made with them.
        var signatures: [Needle] = []
        /// Where values went.
        var origins: Set<Brokering.Origin> = []
        var compiled: (needles: NeedleSet, generation: Int)?
        /// How often there was a value more.
        var generation = 0
        /// Whether the keeper is asked before anything of a reply is seen.
        var isConsulting = false
    }

    private let state = Mutex(State())

    /// `tokens` stand in replies where the values of their grants stood. Of several that stand for one value, it is the one that was used last: programs know their own.
    func take(_ releases: [ValueRelease], standingIn tokens: [GrantID: FakeToken] = [:], to origin: Brokering.Origin) {
        for release in releases { if let left = release.answersLeft { answers.limit(release.name, to: left) } }
        state.withLock { state in
            // Replies of the service that go on are searched otherwise from here on.
            if !releases.isEmpty, state.origins.insert(origin).inserted { state.generation += 1 }
            for release in releases {
                let needle = Needle(name: release.name, value: release.value, standIn: tokens[release.grant]?.text)
                // One value may go by several names; what is found is called by the first.
                let shown = state.needles.first { $0.value == needle.value }
                guard shown?.name != needle.name || shown?.standIn != needle.standIn else { continue }
                state.needles.removeAll { $0.name == needle.name && $0.value == needle.value }
                state.needles.insert(needle, at: 0)
                state.generation += 1
            }
        }
    }

    /// Takes values that a service gave: they are known before anybody says what stands for them. False where there are too many to be looked for.
    func take(fresh values: [SecretValue]) -> Bool {
        state.withLock { state in
            guard state.needles.count + values.count <= Self.mostValues else { return false }
            state.needles += values.map { Needle(name: Self.fresh, value: $0) }
            state.generation += 1
            return true
        }
    }

    /// Each is looked for in every reply, so whoever has more and more of them made would slow all down.
    private static let mostValues = 1024

    /// Takes what stands for them.
    func take(_ sealed: [SealedCredential], for values: [SecretValue]) {
        state.withLock { state in
            state.needles.removeAll { needle in needle.name == Self.fresh && values.contains { $0 == needle.value } }
            for (credential, value) in zip(sealed, values) where !state.needles.contains(where: { $0.name == credential.name && $0.value == value }) {
                state.needles.append(Needle(name: credential.name, value: value, standIn: credential.grant == nil ? nil : credential.text))
            }
            state.generation += 1
        }
    }

    /// What a value is called that is in no vault yet.
    private static let fresh = "new credential"

    /// Takes a signature that goes out: who reads it could send its request again, past the broker. The last ones are enough, since each is good for one request.
    func take(signature: [UInt8]) {
        var bytes = signature
        let needle = Needle(name: "signature", value: SecretValue(moving: &bytes))
        state.withLock { state in
            state.signatures = state.signatures.suffix(Self.mostSignatures - 1) + [needle]
            state.generation += 1
        }
    }

    private static let mostSignatures = 32

    /// Has the keeper asked from now on before anything of a reply is seen: of answers about one of the agent's secrets there is none left.
    func consult() { state.withLock { $0.isConsulting = true } }

    var isConsulting: Bool { state.withLock(\.isConsulting) }

    /// Whether a service was sent a value: one that was not has none to send back.
    func haveGone(to origin: Brokering.Origin) -> Bool { state.withLock { $0.origins.contains(origin) } }

    var generation: Int { state.withLock { $0.generation } }

    /// All of them, compiled: a reply to one request may hold the value of another.
    var needles: (needles: NeedleSet, generation: Int) {
        state.withLock { state in
            if let compiled = state.compiled, compiled.generation == state.generation { return compiled }
            let compiled = (NeedleSet(state.needles + state.signatures), state.generation)
            state.compiled = compiled
            return compiled
        }
    }
}
