import Model

/// Why a policy document is refused: where, and what is wrong there. It repeats words of the format, never patterns.
package struct PolicyError: Diagnosable, Equatable {
    /// The place in the document, such as `policies[1].allowed_keys[0]`; empty for the document as a whole.
    package let path: String
    package let reason: Reason

    /// Names a place and what is wrong there.
    package init(path: String, reason: Reason) {
        self.path = path
        self.reason = reason
    }

    /// What is wrong.
    package enum Reason: Equatable, Sendable {
        /// The bytes are not JSON; the line counts from 1.
        case syntax(line: Int)
        case tooLarge(maximumBytes: Int)
        case tooMany(maximum: Int)
        case unknownKey(suggestion: String?)
        case duplicateKey(line: Int)
        case missingKey(String)
        case wrongType(expected: String)
        case unknownWord(allowed: [String], suggestion: String?)
        case repeatedWord
        case badPolicyName
        case duplicateName(first: String)
        case emptyList
        /// `allowed_keys` without `capabilities`, or the other way round: `missing` is the one to add.
        case halfGrant(missing: String)
        /// Neither allowed nor denied keys.
        case withoutEffect
        case pattern(GlobError)
        /// An earlier pattern of the same list matches all that this one matches.
        case shadowedPattern(by: String)
        /// An earlier policy decides for every agent that this one allows something.
        case shadowedPolicy(by: String)
    }
}

extension PolicyError {
    package var code: String {
        switch reason {
        case .syntax: "policy.syntax"
        case .tooLarge, .tooMany: "policy.too-large"
        case .unknownKey: "policy.unknown-key"
        case .duplicateKey: "policy.duplicate-key"
        case .missingKey: "policy.missing-key"
        case .wrongType: "policy.wrong-type"
        case .unknownWord: "policy.unknown-word"
        case .repeatedWord: "policy.repeated"
        case .badPolicyName: "policy.bad-name"
        case .duplicateName: "policy.duplicate-name"
        case .emptyList: "policy.empty-list"
        case .halfGrant, .withoutEffect: "policy.without-effect"
        case .pattern(.neverMatches): "policy.never-matches"
        case .pattern: "policy.bad-pattern"
        case .shadowedPattern, .shadowedPolicy: "policy.shadowed"
        }
    }

    package var message: String { path.isEmpty ? problem : "\(path): \(problem)" }

    private var problem: String {
        switch reason {
        case .syntax(let line): "the policy is not valid JSON (line \(line))"
        case .tooLarge(let maximum): "the policy is larger than \(maximum / 1024) KiB"
        case .tooMany(let maximum): "the list has more than \(maximum) elements"
        case .unknownKey: "this key is unknown"
        case .duplicateKey: "this key is written twice"
        case .missingKey(let key): "`\(key)` is missing"
        case .wrongType(let expected): "this must be \(expected)"
        case .unknownWord(let allowed, _): "this is none of \(allowed.map { "`\($0)`" }.joined(separator: ", "))"
        case .repeatedWord: "this stands in the list already"
        case .badPolicyName: "a policy name is 1 to 64 printable ASCII characters, without space at its ends"
        case .duplicateName(let first): "\(first) has the same name"
        case .emptyList: "the list is empty"
        case .halfGrant(let missing): "nothing is granted, because `\(missing)` is missing"
        case .withoutEffect: "the policy has neither `allowed_keys` nor `denied_keys`"
        case .pattern(let error): error.problem
        case .shadowedPattern(let first): "the pattern has no effect: \(first) matches all that it matches"
        case .shadowedPolicy(let first): "the policy can never allow anything: \(first) decides for every agent that it matches"
        }
    }

    package var hint: String? {
        switch reason {
        case .unknownKey(let suggestion?), .unknownWord(_, let suggestion?): "did you mean `\(suggestion)`?"
        case .emptyList: "leave the key out, or write a pattern"
        case .withoutEffect: "write `denied_keys: [\"**\"]` for an agent that may use nothing"
        case .shadowedPattern: "remove one of the two"
        case .shadowedPolicy: "put the narrower policy first, or give it nothing but `denied_keys`"
        case .pattern(let error): error.hint
        default: nil
        }
    }
}

extension GlobError {
    fileprivate var problem: String {
        switch self {
        case .empty: "a pattern is empty"
        case .badCharacter: "a pattern has a character outside A-Z a-z 0-9 . _ - / *"
        case .tooManyStars: "a pattern has three `*` in a row"
        case .tooLong: "a pattern with a `*` is longer than \(Glob.maximumLength) characters"
        case .neverMatches(.secret): "the pattern can never match the name of a secret"
        case .neverMatches(.scope): "the pattern can never match PROJECT/ENVIRONMENT"
        case .neverMatches(.agent): "the pattern can never match the name of an agent"
        }
    }

    fileprivate var hint: String? {
        switch self {
        case .tooManyStars, .badCharacter: "`*` stands within one segment, `**` goes across `/`"
        case .neverMatches(.scope): "write PROJECT/ENVIRONMENT, such as `default/dev` or `shop/*`"
        case .neverMatches(.secret): "secret names are segments joined by `/`, such as `stripe/api-key`"
        case .neverMatches(.agent): "an agent's name is one segment, without `/`"
        default: nil
        }
    }
}
