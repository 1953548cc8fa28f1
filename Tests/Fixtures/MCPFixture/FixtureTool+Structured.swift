import MCPSession

extension FixtureTool {
    static let structured: [FixtureTool] = [
        FixtureTool(
            "test_structured_output", "Answers with structured content",
            [
                .required("name", .string("Any name.", atLeast: 1, atMost: 40)),
                .optional("count", .integer("Any number.", atLeast: 0, atMost: 10, default: 3)),
                .optional("mode", .string("One of two.", oneOf: ["plain", "fancy"], default: "plain")),
                .optional("tags", .array("Words.", of: .string("A word."), atMost: 4)),
                .optional("exact", .boolean("Whether.", default: true)),
                .optional("ratio", .number("A share.", atLeast: 0, atMost: 1)),
            ],
            output: .result([
                .required("name", .string("As given.")), .required("count", .integer("As given.")), .required("mode", .string("As given.")),
            ])
        ) { call, _ in .done(ToolOutcome(structured: call.arguments)) },
        FixtureTool("json_schema_2020_12_tool", "Takes arguments under a schema of many keywords", schema: contact) { call, _ in
            guard let missing = missingContact(call.arguments) else {
                return .says("JSON Schema 2020-12 tool called with: \(JSONValue.object(call.arguments).text)")
            }
            return .done(.failure("invalid arguments: `\(missing)` is required"))
        },
    ]

    /// The shape is checked by the schema; how its members depend on each other, by `missingContact`.
    private static let contact = Schema.arguments([
        .optional("name", .string()),
        .optional("address", .result([.optional("street", .string()), .optional("city", .string())])),
        .optional("contactMethod", .string(oneOf: ["phone", "email"])),
        .optional("phone", .string()),
        .optional("email", .string()),
    ]).published(as: [
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": [
            "address": [
                "$anchor": "addressDef", "type": "object", "properties": ["street": ["type": "string"], "city": ["type": "string"]],
            ]
        ],
        "properties": [
            "name": ["type": "string"],
            "address": ["$ref": "#/$defs/address"],
            "contactMethod": ["type": "string", "enum": ["phone", "email"]],
            "phone": ["type": "string"],
            "email": ["type": "string"],
        ],
        "allOf": [["anyOf": [["required": ["phone"]], ["required": ["email"]], ["required": ["name"]]]]],
        "if": ["properties": ["contactMethod": ["const": "phone"]], "required": ["contactMethod"]],
        "then": ["required": ["phone"]],
        "else": ["if": ["required": ["contactMethod"]], "then": ["required": ["email"]]],
        "additionalProperties": false,
    ])

    /// The member that the document's conditions ask for and that is not there.
    private static func missingContact(_ arguments: JSONObject) -> String? {
        if let method = arguments["contactMethod"]?.string { return arguments[method] == nil ? method : nil }
        return ["phone", "email", "name"].contains { arguments[$0] != nil } ? nil : "name"
    }
}
