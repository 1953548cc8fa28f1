import Brokering
import Model
import Redaction
import Secrets
import Synchronization

/// The values that were released to this broker, until it ends: what goes into requests, and what is searched for in every reply.
final class HeldValues: Sendable {
    private struct State {
        var releases: [GrantID: ValueRelease] = [:]
        var tokens: [GrantID: FakeToken] = [:]
        var needles: NeedleSet?
    }

    private let state = Mutex(State())

    /// `tokens` stand in replies where the values of their grants stood.
    func take(_ releases: [ValueRelease], standingIn tokens: [GrantID: FakeToken] = [:]) {
        state.withLock { state in
            for release in releases {
                if state.tokens[release.grant] == nil, let token = tokens[release.grant] {
                    (state.tokens[release.grant], state.needles) = (token, nil)
                }
                if state.releases[release.grant]?.value !== release.value { state.needles = nil }
                state.releases[release.grant] = release
            }
        }
    }

    /// All of them, compiled: a reply to one request may hold the value of another.
    var needles: NeedleSet {
        state.withLock { state in
            if let needles = state.needles { return needles }
            let sorted = state.releases.values.sorted { $0.grant < $1.grant }
            let needles = NeedleSet(sorted.map { Needle(name: $0.name, value: $0.value, standIn: state.tokens[$0.grant]?.text) })
            state.needles = needles
            return needles
        }
    }

    /// How many guesses a reply may still answer, by the name of the value.
    var answersLeft: [String: Int] {
        state.withLock { state in
            Dictionary(state.releases.values.compactMap { release in release.answersLeft.map { (release.name, $0) } }) { min($0, $1) }
        }
    }
}
