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
        case badName
        case duplicateName(first: String)
        case emptyList
        /// `allowed_keys` without `capabilities`, or the other way round: `missing` is the one to add.
        case halfGrant(missing: String)
        /// Neither allowed nor denied keys.
        case withoutEffect
        /// Neither allowed nor denied programs.
        case withoutProgram
        /// A key that says how allowed programs run, in a rule that allows none.
        case forAllowedPrograms
        /// A key about tokens, in a rule about requests without one.
        case forTokens
        /// A key that belongs to another kind of tag rule.
        case keyOfOther(kind: String)
        case badFingerprint
        case badDirectory
        /// A text that is no name of what stands there, such as `the name of an agent`.
        case noName(of: String)
        case unknownRule(suggestion: String?)
        /// A fact about a program in a test that names none.
        case withoutTestProgram
        /// A test that does not end as it says.
        case testFails(expected: String, got: String, hint: String?)
        case request(RequestProblem)
        case pattern(GlobError)
        /// An earlier pattern of the same list matches all that this one matches.
        case shadowedPattern(by: String)
        /// An earlier policy decides for every agent that this one allows something.
        case shadowedPolicy(by: String)
        /// Another rule does all that this one does.
        case shadowedRule(by: String)
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
        case .badName: "policy.bad-name"
        case .duplicateName: "policy.duplicate-name"
        case .emptyList: "policy.empty-list"
        case .halfGrant, .withoutEffect, .withoutProgram, .forAllowedPrograms: "policy.without-effect"
        case .forTokens, .keyOfOther, .withoutTestProgram: "policy.misplaced-key"
        case .badFingerprint, .badDirectory, .noName: "policy.bad-value"
        case .unknownRule: "policy.unknown-rule"
        case .testFails: "policy.test-fails"
        case .request(let problem): problem.code
        case .pattern(.neverMatches): "policy.never-matches"
        case .pattern: "policy.bad-pattern"
        case .shadowedPattern, .shadowedPolicy, .shadowedRule: "policy.shadowed"
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
        case .badName: "a name here is 1 to 64 printable ASCII characters, without space at its ends"
        case .duplicateName(let first): "\(first) has the same name"
        case .emptyList: "the list is empty"
        case .halfGrant(let missing): "nothing is granted, because `\(missing)` is missing"
        case .withoutEffect: "the policy has neither `allowed_keys` nor `denied_keys`"
        case .withoutProgram: "the rule has neither `programs`, `sha256` nor `denied_programs`"
        case .forAllowedPrograms: "this says how programs run that are allowed, and the rule allows none"
        case .forTokens: "this is about a token, and the rule is about requests without one: it has no `keys`"
        case .keyOfOther(let kind): "this key is for the kind `\(kind)` alone"
        case .badFingerprint: "a hash is 64 hexadecimal digits in lower case"
        case .badDirectory: "a directory here is an absolute path without `:`, `.` and `..`"
        case .noName(let thing): "this is not \(thing)"
        case .unknownRule: "the document has no policy or rule of this name"
        case .withoutTestProgram: "this is about a program, and the test has no `program`"
        case .testFails(let expected, let got, _): "the test fails: it expects \(expected), and the policy says \(got)"
        case .request(let problem): problem.message
        case .pattern(let error): error.problem
        case .shadowedPattern(let first): "the pattern has no effect: \(first) matches all that it matches"
        case .shadowedRule(let first): "the rule has no effect: \(first) does all that it does"
        case .shadowedPolicy(let first): "the policy can never allow anything: \(first) decides for every agent that it matches"
        }
    }

    package var hint: String? {
        switch reason {
        case .unknownKey(let suggestion?), .unknownWord(_, let suggestion?), .unknownRule(let suggestion?): "did you mean `\(suggestion)`?"
        case .emptyList: "leave the key out, or write a pattern"
        case .withoutEffect: "write `denied_keys: [\"**\"]` for an agent that may use nothing"
        case .withoutProgram: "write `programs: [/usr/bin/curl]`, the paths of the programs that may have the secrets"
        case .badFingerprint: "`sha256sum FILE` prints it"
        case .testFails(_, _, let hint): hint ?? "mend the policy, or the test; `tacit policy test FILE` shows every test"
        case .shadowedPattern, .shadowedRule: "remove one of the two"
        case .shadowedPolicy: "put the narrower policy first, or give it nothing but `denied_keys`"
        case .request(let problem): problem.hint
        case .pattern(let error): error.hint
        default: nil
        }
    }
}

extension GlobError {
    fileprivate var problem: String {
        switch self {
        case .empty: "a pattern is empty"
        case .badCharacter(.model), .badCharacter(.program), .badCharacter(.programName):
            "a pattern has a character outside A-Z a-z 0-9 . _ - / * + @ : , = ~ % ( ) and space"
        case .badCharacter(.path): "a pattern has a character that stands in no path; what is encoded is written so"
        case .badCharacter: "a pattern has a character outside A-Z a-z 0-9 . _ - / *"
        case .tooManyStars: "a pattern has three `*` in a row"
        case .tooLong: "a pattern with a `*` is longer than \(Glob.maximumLength) characters"
        case .neverMatches(.secret): "the pattern can never match the name of a secret"
        case .neverMatches(.scope): "the pattern can never match PROJECT/ENVIRONMENT"
        case .neverMatches(.agent): "the pattern can never match the name of an agent"
        case .neverMatches(.tag): "the pattern can never match a tag"
        case .neverMatches(.model): "the pattern can never match the name of a model"
        case .neverMatches(.program): "the pattern can never match the path of a program"
        case .neverMatches(.programName): "the pattern can never match the name of a program"
        case .neverMatches(.path): "the pattern can never match a path in the form in which paths are judged"
        }
    }

    fileprivate var hint: String? {
        switch self {
        case .neverMatches(.path), .badCharacter(.path): CanonicalPath.hint
        case .tooManyStars, .badCharacter: "`*` stands within one segment, `**` goes across `/`"
        case .neverMatches(.scope): "write PROJECT/ENVIRONMENT, such as `default/dev` or `shop/*`"
        case .neverMatches(.secret): "secret names are segments joined by `/`, such as `stripe/api-key`"
        case .neverMatches(.agent): "an agent's name is one segment, without `/`"
        case .neverMatches(.tag): "a tag is one word, without `/`"
        case .neverMatches(.program): "write an absolute path, such as `/usr/bin/curl` or `/opt/tools/*`"
        case .neverMatches(.programName): "write a name without `/`, such as `gdb`, or an absolute path"
        default: nil
        }
    }
}
