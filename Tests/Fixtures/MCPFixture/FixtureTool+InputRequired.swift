import MCPSession

extension FixtureTool {
    /// Tools of the suite that take several rounds. They take them in either era.
    static let inputRequired: [FixtureTool] = [
        FixtureTool("test_missing_capability", "Needs a client that samples") { call, _ in
            call.capabilities.contains(.sampling) ? .says("Success") : .asks(ToolQuestion([("sample", .sample("Anything", maxTokens: 1))]))
        },
        FixtureTool("test_input_required_result_elicitation", "Asks for a name") { call, _ in
            guard let values = call.values(of: nameForm, "user_name") else { return call.asking(nameForm, "user_name") }
            return .says("Hello, \(values["name"]?.string ?? "")!")
        },
        FixtureTool("test_input_required_result_sampling", "Asks the client's model") { call, _ in
            guard let answer = call.reply?["sample_request"] else {
                return .asks(ToolQuestion([("sample_request", .sample("What is the capital of France?", maxTokens: 100))]))
            }
            return .says("Sampling result: \(answer.sampledText)")
        },
        FixtureTool("test_input_required_result_list_roots", "Asks for the client's folders") { call, _ in
            guard let answer = call.reply?["roots_request"] else { return .asks(ToolQuestion([("roots_request", .roots)])) }
            return .says("Found \(answer.rootCount) root(s)")
        },
        FixtureTool("test_input_required_result_request_state", "Believes its own state") { call, _ in
            confirmed(call, "state-ok: requestState validated")
        },
        FixtureTool("test_input_required_result_tampered_state", "Believes no other state") { call, _ in
            confirmed(call, "integrity-ok: state verified")
        },
        FixtureTool("test_input_required_result_multiple_inputs", "Asks three things at once") { call, _ in severalInputs(call) },
        FixtureTool("test_input_required_result_multi_round", "Asks twice, one after the other") { call, _ in severalRounds(call) },
        FixtureTool("test_input_required_result_capabilities", "Asks what the client can answer") { call, _ in declaredInputs(call) },
    ]

    private static let nameForm = InputForm("What is your name?", "name", .string("Your name."))
    private static let colorForm = InputForm("Step 2: What is your favorite color?", "color", .string("A color."))
    private static let valueForm = InputForm("Elicitation input", "value", .string("Any value."))

    private static func confirmed(_ call: ToolCall, _ text: String) -> ToolStep {
        guard let answer = call.reply?["confirm"] else { return .asks(ToolQuestion([("confirm", .form(.box("Please confirm", "ok", "Confirm")))])) }
        return answer.ticks("ok") ? .says(text) : .says("not confirmed")
    }

    private static func severalInputs(_ call: ToolCall) -> ToolStep {
        guard let values = call.values(of: nameForm, "user_name"), let greeting = call.reply?["greeting"], let roots = call.reply?["client_roots"]
        else {
            return .asks(
                ToolQuestion([
                    ("user_name", .form(nameForm)), ("greeting", .sample("Generate a greeting", maxTokens: 50)), ("client_roots", .roots),
                ]))
        }
        return .says("Name: \(values["name"]?.string ?? ""); Greeting: \(greeting.sampledText); Roots: \(roots.rootCount)")
    }

    private static func severalRounds(_ call: ToolCall) -> ToolStep {
        switch call.reply?.state.step {
        case 1?:
            guard let values = call.values(of: nameForm, "step1") else { break }
            return call.asking(colorForm, "step2", step: 2, memory: values)
        case 2?:
            guard let state = call.reply?.state, let values = call.values(of: colorForm, "step2") else {
                return call.asking(colorForm, "step2", step: 2, memory: call.reply?.state.memory ?? [:])
            }
            return .says("Multi-round complete for \(state.memory["name"]?.string ?? "") who likes \(values["color"]?.string ?? "")")
        default: break
        }
        return call.asking(nameForm, "step1")
    }

    private static func declaredInputs(_ call: ToolCall) -> ToolStep {
        let possible: [(String, InputRequest, ClientCapabilities)] = [
            ("elicit_input", .form(valueForm), .forms), ("sample_input", .sample("Sample request", maxTokens: 50), .sampling),
        ]
        let items = possible.filter { call.capabilities.contains($0.2) }.map { ($0.0, $0.1) }
        guard !items.isEmpty else { return .says("No supported capabilities declared") }
        let answered = items.map(\.0).filter { call.reply?[$0] != nil }
        return answered.isEmpty ? .asks(ToolQuestion(items)) : .says("capabilities-ok: received \(answered.joined(separator: ","))")
    }
}

extension ToolCall {
    /// What was submitted with a form; nil when the answer is missing or does not hold.
    fileprivate func values(of form: InputForm, _ key: String) -> JSONObject? {
        reply?[key].flatMap { form.values(in: $0) }
    }

    /// Asks with a form, unless the last answer to it was a refusal.
    fileprivate func asking(_ form: InputForm, _ key: String, step: Int = 1, memory: JSONObject = [:]) -> ToolStep {
        if let action = reply?[key]?.action, action != .accept { return .says("not answered: \(action.rawValue)") }
        return .asks(ToolQuestion(step: step, [(key, .form(form))], memory: memory))
    }
}
