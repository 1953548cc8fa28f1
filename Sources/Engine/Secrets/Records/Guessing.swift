import Model
import Policies
import Redaction

/// What follows from a value that could be guessed: nothing that an agent sees may say whether a guess was right.
enum Guessing {
    /// What a person is told who stores a field; nil for one that nobody guesses, and for one that is shown anyway.
    static func notice(_ part: OpenVault.VersionField) -> String? {
        guard part.field.kind == .secret else { return nil }
        if part.value.byteCount < GuessEstimate.enoughBytes {
            return "the field `\(part.field.name)` is shorter than 8 bytes: agents get no run with it, unless their policy says `unredactable: allow`"
        }
        guard GuessEstimate.isGuessable(part.value) else { return nil }
        return
            "the field `\(part.field.name)` could be guessed: where it stands in an agent's output, the output ends, instead of going on with a placeholder"
    }

    /// Refuses an agent a secret field that cannot be told from ordinary text, unless the policy lets it out.
    ///
    /// How long a value is, nothing tells but the value: it is opened for this, under an intent that is durable, and goes no further than the keeper.
    static func check(_ values: [RunJob.InjectedValue], for asker: Asker, under grant: PolicyGrant?) throws {
        guard asker.isAgent, grant?.unredactable != .allow else { return }
        guard let short = values.first(where: { $0.kind == .secret && $0.value.byteCount < GuessEstimate.enoughBytes }) else { return }
        throw EngineError.denied(
            .init(
                code: PolicyDenial.Code.unavailable.rawValue,
                reason: "the value of \(short.name) is shorter than 8 bytes, and cannot be told from ordinary text to be redacted", rule: grant?.rule,
                nextStep: "tell the person to store a longer value, or to set `unredactable: allow` in the policy"))
    }
}
