import MCPSession
import TacitWire

/// Lists the rules that are about what the agent may use.
struct RuleListTool: SecretTool {
    var description: ToolDescription {
        ToolDescription(
            name: "rule_list", title: "Secrets: list access rules",
            description: """
                List the access rules on one secret, or on all that you may list, in the order in which they are asked (block_always, \
                require_session, block_models, require_confirmation, notify), whether each is met, and how to meet it; and under programs which \
                programs may have it, or any of them, with secret_run. Use it where secret_list says listed_program, and when a tool answered \
                blocked_by_rule, session_required, acknowledgement_required or command_blocked. Only a person can change rules.
                """,
            input: .arguments([
                .optional(
                    "secret_name", .string("List only the rules on this secret, named exactly as secret_list shows it.", atLeast: 1, atMost: 256)),
                .optional("environment", .environment),
            ]),
            output: .result([
                .required("rules", .array("Rules in order.", of: Self.rule)),
                .required("programs", .array("Which programs may have secrets, and which may not.", of: Self.programs)),
                .required("unlisted_programs", .string("allow: any other program may have them, too; deny: no other gets one.")),
                .required("scope", .string("PROJECT/ENVIRONMENT.")),
            ]),
            hints: [.readOnly, .idempotent])
    }

    private static let rule = Schema.result([
        .required("rule_id", .string("Pass to rule_acknowledge.")),
        .required("kind", .string("Kind.")),
        .required("applies_to", .array("Secrets with these tags.", of: .string("tag:PATTERN"))),
        .required("met", .boolean("Already met.")),
        .required("meet_by", .string("The tool to call, or what to do.")),
        .optional("until", .time("Met until")),
        .required("strength", .string("enforced, or ceremony: you can satisfy it yourself, and it is in the log.")),
    ])

    private static let programs = Schema.result([
        .required("rule_id", .string("Its name.")),
        .required("kind", .string("programs: these may; denied_programs: these never, an accident guard.")),
        .required("programs", .array("None where the content alone decides.", of: .string("Path, or pattern; of denied ones also a name."))),
        .required("keys", .array("Patterns over the secrets that the rule is about; none: it is about all.", of: .string("NAME, or pattern."))),
        .required("pinned", .boolean("The file's content decides, too.")),
        .required("any_code", .boolean("May be an interpreter, shell, package manager or script.")),
        .required("strength", .string("enforced or ceremony.")),
    ])

    func answer(_ call: ToolCall, in context: CallContext) async throws -> JSONObject {
        let place = context.place.with(environment: call.arguments["environment"]?.string)
        let list = try await context.keeper.rules(about: call.arguments["secret_name"]?.string, in: place, for: call.client)
        return [
            "rules": .array(list.items.map(Self.entry)), "programs": .array(list.programs.map(Self.entry)),
            "unlisted_programs": .string(list.unlistedPrograms ? "allow" : "deny"), "scope": .string("\(place)"),
        ]
    }

    private static func entry(_ rule: ProgramRule) -> JSONValue {
        [
            "rule_id": .string(rule.rule), "kind": .string(rule.kind.rawValue), "programs": JSONValue(rule.programs), "keys": JSONValue(rule.keys),
            "pinned": .bool(rule.pinned), "any_code": .bool(rule.anyCode), "strength": .string(rule.strength),
        ]
    }

    private static func entry(_ rule: RuleSummary) -> JSONValue {
        var entry: JSONObject = ["rule_id": .string(rule.rule), "kind": .string(rule.kind), "applies_to": JSONValue(rule.appliesTo)]
        entry["met"] = .bool(rule.met)
        entry["meet_by"] = .string(rule.meetBy)
        entry["until"] = rule.until.map(JSONValue.string)
        entry["strength"] = .string(rule.strength)
        return .object(entry)
    }
}
