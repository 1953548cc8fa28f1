package import Model
import TacitWire

/// Which variables a run's child gets: the inherited ones and the secrets', each name once.
package struct InjectionPlan: Sendable, Equatable {
    /// Where one requested value goes.
    package enum Target: Sendable, Hashable {
        case variable(String)
        /// A private file of the run; the variable holds its path.
        case file(String)
        case standardInput

        /// The variable that is set.
        var variable: String? {
            switch self {
            case .variable(let name), .file(let name): name
            case .standardInput: nil
            }
        }
    }

    /// The environment without the secrets.
    package private(set) var environment: [String: String]
    /// For each requested target, in order, whether its value is injected: false when an inherited variable was preferred.
    package private(set) var isInjected: [Bool] = []
    /// What the person is told, one sentence each.
    package private(set) var notices: [String] = []

    /// The longest `NAME=VALUE` that Linux takes, its end mark not counted (MAX_ARG_STRLEN).
    package static let maximumEntryLength = (128 << 10) - 1

    /// Plans the environment of a run. `preservesInherited` lets an inherited variable win over a secret of the same name.
    package init(_ targets: [Target], inherited: [String: String], preservesInherited: Bool) throws(InjectionError) {
        environment = inherited
        var seen: Set<String?> = []
        for target in targets {
            guard seen.insert(target.variable).inserted else {
                if let name = target.variable { throw .taken(name) }
                throw .twoInputs
            }
            guard let name = target.variable else {
                isInjected.append(true)
                continue
            }
            try Self.check(name)
            isInjected.append(inject(name, preservesInherited))
        }
    }

    private mutating func inject(_ name: String, _ preservesInherited: Bool) -> Bool {
        guard environment[name] != nil else { return true }
        if preservesInherited {
            notices.append("the inherited variable \(name) is kept; its secret is not injected")
            return false
        }
        environment[name] = nil
        notices.append("the secret wins over the inherited variable \(name)")
        return true
    }

    /// Checks that a secret may be injected as this variable.
    package static func check(_ name: String) throws(InjectionError) {
        let isPlain: (UInt8) -> Bool = { byte in
            (65...90).contains(byte) || (97...122).contains(byte) || (48...57).contains(byte) || byte == UInt8(ascii: "_")
        }
        guard let first = name.utf8.first, name.utf8.allSatisfy(isPlain), !(48...57).contains(first), name.utf8.count <= 256 else { throw .badName }
        guard !DangerousVariables.contains(name) else { throw .dangerous(name) }
    }

    /// The variable of a secret that is bound to none: `stripe/api-key` becomes `STRIPE_API_KEY`, and field `user` of `db` becomes `DB_USER`.
    package static func variable(for name: SecretName, field: SegmentName? = nil, prefix: String = "") -> String {
        let text = field.map { "\(name)_\($0)" } ?? "\(name)"
        let upper = String(decoding: text.utf8.map(upperOrUnderscore), as: UTF8.self)
        let startsWithDigit = prefix.isEmpty && upper.utf8.first.map { (48...57).contains($0) } == true
        return prefix + (startsWithDigit ? "_" : "") + upper
    }

    private static func upperOrUnderscore(_ byte: UInt8) -> UInt8 {
        switch byte {
        case 97...122: byte - 32
        case 65...90, 48...57: byte
        default: UInt8(ascii: "_")
        }
    }
}

/// Why a value cannot go where it was asked to go.
package enum InjectionError: Diagnosable, Equatable {
    case badName
    case dangerous(String)
    /// Two secrets want the same variable.
    case taken(String)
    case twoInputs
    case hasNUL(variable: String)
    case tooLong(variable: String)

    package var code: String {
        switch self {
        case .badName: "injection.bad-variable"
        case .dangerous: "injection.dangerous-variable"
        case .taken, .twoInputs: "injection.taken"
        case .hasNUL, .tooLong: "injection.not-a-variable"
        }
    }

    package var message: String {
        switch self {
        case .badName: "a variable's name has letters, digits and `_`, and starts with no digit"
        case .dangerous(let name): "\(name) decides what programs do; no secret is injected as it"
        case .taken(let name): "two secrets would be injected as \(name)"
        case .twoInputs: "two secrets would be sent to standard input"
        case .hasNUL(let name): "the value for \(name) has a zero byte, which no variable can hold"
        case .tooLong(let name): "the value for \(name) is longer than 128 KiB, which no variable can hold"
        }
    }

    package var hint: String? {
        switch self {
        case .badName, .dangerous: "choose another variable for it"
        case .taken: "give one of them a variable of its own, or use a prefix"
        case .twoInputs: nil
        case .hasNUL, .tooLong: "send it to standard input: `--stdin KEY`, or, as an agent, `as` stdin or file"
        }
    }
}
