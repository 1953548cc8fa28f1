import MCPSession
import TacitWire

/// Has the person store secrets. Names come from the agent, values never do.
struct SecretImportTool: SecretTool {
    var description: ToolDescription {
        ToolDescription(
            name: "secret_import", title: "Secrets: have the person add secrets",
            description: """
                Have the person add or replace secrets, or import a .env file, in a terminal of their own. Use it when a secret is missing, or when you \
                find credentials in files or in the chat. Takes names only: never send a value, and never ask the person to paste one into the chat.
                """,
            input: .arguments([
                .optional("names", .array("Names to create or replace.", of: .secretName, atMost: 64)),
                .optional(
                    "env_file",
                    .string(
                        "Absolute path of a .env file for the person to import; do not read it. When it is done, secret_list shows the names; where none is new, ask the person which they are.",
                        atLeast: 1, atMost: 4096)),
                .optional("environment", .environment),
                .required("reason", .string("Why they are needed; shown to the person.", atLeast: 1, atMost: 300)),
            ]),
            output: .result(RequestAnswer.output), hints: [])
    }

    func answer(_ call: ToolCall, in context: CallContext) async throws -> JSONObject {
        let arguments = call.arguments
        let names = arguments["names"]?.array?.compactMap(\.string) ?? []
        let file = arguments["env_file"]?.string
        guard file.map({ $0.hasPrefix("/") && !$0.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F } }) ?? true else {
            throw ToolFailure.invalidArguments("`env_file` must be an absolute path")
        }
        guard !names.isEmpty || file != nil else { throw ToolFailure.invalidArguments("`names` or `env_file` must say what to add") }
        let place = context.place.with(environment: arguments["environment"]?.string)
        let versions = try await versions(of: names, at: place, call, context)
        let state = try await context.keeper.propose(
            AccessProposal(scope: "\(place)", names: names, file: file, reason: arguments["reason"]?.string ?? ""), for: call.client)
        // Wherever the person's terminal is, and whatever is usual there.
        let scope = place.isUsual ? "" : " -p \(place.project) -e \(place.environment)"
        let command = file.map { "tacit import \(Self.quoted($0))\(scope)" } ?? names.map { "tacit set \($0)\(scope)" }.joined(separator: " && ")
        return RequestAnswer.object(
            state, asking: Self.question(names, versions), command: command, isStore: file == nil)
    }

    /// The current versions of those of a few names that the agent may list.
    private func versions(of names: [String], at place: Place, _ call: ToolCall, _ context: CallContext) async throws -> [String: Int64] {
        guard names.count <= 4 else { return [:] }
        var versions: [String: Int64] = [:]
        for name in names {
            let page = try? await context.keeper.secrets(SecretQuery(place: place, search: name, limit: 200), for: call.client)
            versions[name] = page?.items.first { $0.name == name }?.version
        }
        return versions
    }

    /// Of a name that the agent may list it says what is there. Of any other the agent may not know whether it is stored: the words are the same for one that is
    /// hidden from it.
    private static func question(_ names: [String], _ versions: [String: Int64]) -> String {
        guard !names.isEmpty else { return "Please store what is in the file." }
        let known = names.compactMap { name in versions[name].map { "\(name), which is there as version \($0)" } }
        let others = names.filter { versions[$0] == nil }
        let renewal = known.isEmpty ? [] : ["I need a new version of \(known.joined(separator: ", and of "))."]
        let value =
            others.isEmpty
            ? []
            : [
                "I need a value for \(others.joined(separator: ", ")): a new secret, or a new version of it. If it is stored and is to stay as it is, do not store it "
                    + "anew but tell me: then I ask for the right to use it."
            ]
        return (renewal + value).joined(separator: " ")
    }

    /// A path as one word of a shell.
    private static func quoted(_ path: String) -> String { "'\(path.replacing("'", with: "'\\''"))'" }
}
