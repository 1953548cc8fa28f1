import MCPSession

extension FixtureTool {
    /// Tools that ask a person something, in either era.
    static let questions: [FixtureTool] = [
        FixtureTool("test_elicitation", "Asks for a text", [.required("message", .string("What to ask."))]) { call, _ in
            let form = InputForm(call.arguments["message"]?.string ?? "", "response", .string("User's response"))
            return answered(call, form, as: "User response")
        },
        FixtureTool("test_elicitation_sep1034_defaults", "Asks with a form that is filled in already") { call, _ in
            answered(call, filledIn, as: "Elicitation completed")
        },
        FixtureTool("test_elicitation_sep1330_enums", "Asks for choices") { call, _ in
            answered(call, call.version.hasFormModes ? choices : oneChoice, as: "Elicitation completed")
        },
        FixtureTool("test_consent", "Asks for a tick in a box, and says what it does where it cannot ask") { call, _ in
            guard let answer = call.reply?["consent"] else {
                let form = InputForm.box("Shall it be done?", "approve", "Do it")
                return .asks(ToolQuestion([("consent", .form(form))], fallback: .failure("nobody could be asked")))
            }
            return .says(answer.ticks("approve") ? "done" : "left alone")
        },
        FixtureTool("test_page", "Asks a person to open a page") { call, _ in
            guard let answer = call.reply?["page"] else {
                return .asks(ToolQuestion([("page", .page(message: "Please decide there", url: "https://example.com/decide/1"))]))
            }
            return .says("Page: action=\(answer.action?.rawValue ?? "none")")
        },
        FixtureTool("test_sampling", "Asks the client's model", [.required("prompt", .string("What to ask."))]) { call, _ in
            guard let answer = call.reply?["sample"] else {
                return .asks(ToolQuestion([("sample", .sample(call.arguments["prompt"]?.string ?? "", maxTokens: 100))]))
            }
            return .says("LLM response: \(answer.sampledText)")
        },
    ]

    private static func answered(_ call: ToolCall, _ form: InputForm, as title: String) -> ToolStep {
        guard let answer = call.reply?["answer"], let action = answer.action else { return .asks(ToolQuestion([("answer", .form(form))])) }
        return .says("\(title): action=\(action.rawValue), content=\(JSONValue.object(answer.content ?? [:]).text)")
    }

    private static let filledIn = InputForm(
        "Please review the form", "name", .string("User name", default: "John Doe"),
        and: [
            .optional("age", .integer("User age", default: 30)),
            .optional(
                "score",
                .number().published(as: ["type": "number", "description": "User score", "default": .number(literal: "95.5")])),
            .optional("status", .string("User status", oneOf: ["active", "inactive", "pending"], default: "active")),
            .optional("verified", .boolean("Verification status", default: true)),
        ])

    private static let oneChoice = InputForm("Please choose", "untitledSingle", plain)

    private static let choices = InputForm(
        "Please choose", "untitledSingle", plain,
        and: [
            .optional(
                "titledSingle",
                .string(oneOf: ["value1", "value2", "value3"]).published(as: ["type": "string", "oneOf": titled])),
            .optional(
                "legacyEnum",
                .string(oneOf: ["opt1", "opt2", "opt3"]).published(as: [
                    "type": "string", "enum": ["opt1", "opt2", "opt3"], "enumNames": ["Option One", "Option Two", "Option Three"],
                ])),
            .optional("untitledMulti", .array("Any of them.", of: plainItem, atLeast: 1, atMost: 3)),
            .optional(
                "titledMulti",
                .array(of: .string(oneOf: ["value1", "value2", "value3"]), atLeast: 1, atMost: 3).published(as: [
                    "type": "array", "minItems": 1, "maxItems": 3, "items": ["anyOf": titled],
                ])),
        ])

    private static let plain = Schema.string("One of them.", oneOf: ["option1", "option2", "option3"])
    private static let plainItem = Schema.string(oneOf: ["option1", "option2", "option3"])
    private static let titled: JSONValue = [
        ["const": "value1", "title": "First Option"], ["const": "value2", "title": "Second Option"], ["const": "value3", "title": "Third Option"],
    ]
}

extension InputRequest {
    static func sample(_ prompt: String, maxTokens: Int64) -> Self {
        .sampling([
            "messages": [["role": "user", "content": ["type": "text", "text": .string(prompt)]]], "maxTokens": .integer(maxTokens),
        ])
    }
}

extension InputAnswer {
    var sampledText: String { document["content"]?.object?["text"]?.string ?? "no text" }
    var rootCount: Int { document["roots"]?.array?.count ?? 0 }
}
