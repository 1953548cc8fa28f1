import MCPSession
import TacitWire

/// The arguments of `secret_run`, checked as far as they can be without the keeper.
struct RunWish: Sendable {
    static let largestOutput = 64 << 10

    let request: RunRequest
    /// Standard input that is too long to be told beforehand.
    let input: [UInt8]
    /// What in the arguments looks like a variable that a shell would replace, where none does.
    let literalVariables: [String]
    let timeoutSeconds: Int64
    let outputLimit: Int
    /// As they are told back.
    let secrets: [JSONValue]

    init(_ arguments: JSONObject, in place: Place) throws(ToolFailure) {
        let argv = arguments["argv"]?.array?.compactMap(\.string) ?? []
        let cwd = arguments["cwd"]?.string
        guard argv.first?.isEmpty == false else { throw .invalidArguments("`argv[0]` must name a program") }
        guard !(argv + [cwd ?? ""]).contains(where: { $0.unicodeScalars.contains("\0") }) else {
            throw .invalidArguments("`argv` and `cwd` must not contain NUL")
        }
        if let cwd, !cwd.hasPrefix("/") { throw .invalidArguments("`cwd` must be an absolute path") }
        literalVariables = Self.literalVariables(argv)
        let secrets = arguments["secrets"]?.array ?? []
        self.secrets = secrets.compactMap(\.object).map { .object(Self.told($0)) }
        timeoutSeconds = arguments["timeout_seconds"]?.integer ?? 50
        outputLimit = Int(arguments["max_output_bytes"]?.integer ?? 16_384)
        let text = arguments["stdin"]?.string ?? ""
        let isLong = text.utf8.count > RunRequest.longestInput
        input = isLong ? Array(text.utf8) : []
        request = RunRequest(
            argv: argv, cwd: cwd, scope: "\(place)",
            secrets: try secrets.compactMap(\.object).map { secret throws(ToolFailure) in try Self.secret(secret, hasInput: !text.isEmpty) },
            timeoutSeconds: Int(timeoutSeconds), purpose: arguments["purpose"]?.string, input: isLong || text.isEmpty ? nil : text,
            sendsInput: isLong ? true : nil)
    }

    /// One secret as the keeper takes it. What goes to standard input has no variable, and nothing else goes there.
    private static func secret(_ arguments: JSONObject, hasInput: Bool) throws(ToolFailure) -> RunSecret {
        let (name, variable) = (arguments["name"]?.string ?? "", arguments["var"]?.string)
        let isInput = arguments["as"]?.string == "stdin"
        guard !isInput || variable == nil else {
            throw .invalidArguments("a secret that is sent `as` stdin has no `var`", hint: "Leave `var` out, or send it as env.")
        }
        guard !isInput || !hasInput else {
            throw .invalidArguments(
                "a secret that is sent `as` stdin stands in the place of `stdin`",
                hint: "Leave `stdin` out; `before` and `after` are text around the value.")
        }
        let text = try Self.text(arguments, isInput: isInput)
        var secret = RunSecret(reference: name, variable: variable, stdin: isInput ? true : nil, before: text.before, after: text.after)
        if arguments["as"]?.string == "file" { secret.file = true }
        guard let version = arguments["version"]?.integer else { return secret }
        guard !name.contains("?") else { throw .invalidArguments("the name has a version already") }
        secret.reference = "\(name)?version=\(version)"
        return secret
    }

    /// What stands around a value on standard input; nothing else has any.
    private static func text(_ arguments: JSONObject, isInput: Bool) throws(ToolFailure) -> (before: String?, after: String?) {
        for field in ["before", "after"] {
            guard let text = arguments[field]?.string else { continue }
            guard isInput else {
                throw .invalidArguments(
                    "`\(field)` is text around a secret that is sent `as` stdin, and this one is not",
                    hint: "Send the secret `as` stdin, where the program reads it there, or leave `\(field)` out.")
            }
            guard text.utf8.count <= RunSecret.longestText, !text.utf8.contains(0) else {
                throw .invalidArguments(
                    "`\(field)` has 1 KiB at most, and no NUL",
                    hint: "Shorten it; what is no part of the line with the secret goes into a file in `cwd`.")
            }
        }
        return (arguments["before"]?.string, arguments["after"]?.string)
    }

    /// A secret as the answer names it again, without the text around it.
    private static func told(_ secret: JSONObject) -> JSONObject {
        var told = secret
        (told["before"], told["after"]) = (nil, nil)
        return told
    }
}
