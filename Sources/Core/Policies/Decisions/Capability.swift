/// What an agent may do with a secret that it may list. The raw value is the word in the policy.
package enum Capability: String, CaseIterable, Sendable {
    /// Know that the secret exists, and nothing else of it.
    case referenceOnly = "reference_only"
    /// See its mask.
    case maskedReturn = "masked_return"
    /// Have it put into the environment of a program that the runner starts.
    case envInject = "env_inject"
    /// Have it put into a file for a program that the runner starts.
    case fileInject = "file_inject"
    /// Use it through the broker, holding a fake token.
    case broker
    /// Propose a change of it, which a person then makes.
    case propose
    /// See its value, one at a time, each with a person's approval.
    case reveal
}
