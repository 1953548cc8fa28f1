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
        var compiled: (needles: NeedleSet, generation: Int)?
        /// How often there was a value more.
        var generation = 0
    }

    private let state = Mutex(State())

    /// `tokens` stand in replies where the values of their grants stood.
    func take(_ releases: [ValueRelease], standingIn tokens: [GrantID: FakeToken] = [:]) {
        for release in releases { if let left = release.answersLeft { answers.limit(release.name, to: left) } }
        state.withLock { state in
            for release in releases where !state.needles.contains(where: { $0.name == release.name && $0.value == release.value }) {
                state.needles.append(Needle(name: release.name, value: release.value, standIn: tokens[release.grant]?.text))
                state.generation += 1
            }
        }
    }

    var generation: Int { state.withLock { $0.generation } }

    /// All of them, compiled: a reply to one request may hold the value of another.
    var needles: (needles: NeedleSet, generation: Int) {
        state.withLock { state in
            if let compiled = state.compiled, compiled.generation == state.generation { return compiled }
            let compiled = (NeedleSet(state.needles), state.generation)
            state.compiled = compiled
            return compiled
        }
    }
}
