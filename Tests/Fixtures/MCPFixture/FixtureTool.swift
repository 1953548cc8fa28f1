import MCPSession
import MCPTools

/// A tool of the fixture, under the name that the public conformance suite calls.
struct FixtureTool: Sendable {
    typealias Run = @Sendable (ToolCall, StdioServer.Progress) async -> ToolStep

    static let all = content + slow + structured + questions + inputRequired

    let description: ToolDescription
    let run: Run

    init(_ name: String, _ title: String, _ input: [Schema.Property] = [], schema: Schema? = nil, output: Schema? = nil, run: @escaping Run) {
        description = ToolDescription(
            name: name, title: title, description: "\(title).", input: schema ?? .arguments(input), output: output, hints: [.readOnly, .idempotent])
        self.run = run
    }

    /// A tool that says the same each time.
    init(_ name: String, _ title: String, _ content: [ToolContent]) {
        self.init(name, title) { _, _ in .done(ToolOutcome(content)) }
    }
}

extension ToolStep {
    static func says(_ text: String) -> Self { .done(ToolOutcome([.text(text)])) }
}

extension FixtureTool {
    private static let content: [FixtureTool] = [
        FixtureTool("test_simple_text", "Answers with a text", [.text("This is a simple text response for testing.")]),
        FixtureTool("test_image_content", "Answers with an image", [redPixel]),
        FixtureTool("test_audio_content", "Answers with a sound", [silence]),
        FixtureTool(
            "test_embedded_resource", "Answers with a resource",
            [.resource(uri: "test://embedded-resource", mimeType: "text/plain", text: "This is an embedded resource content.")]),
        FixtureTool(
            "test_multiple_content_types", "Answers with several kinds of content",
            [
                .text("Multiple content types test:"), redPixel,
                .resource(uri: "test://mixed-content-resource", mimeType: "application/json", text: #"{"test":"data","value":123}"#),
            ]),
        FixtureTool("test_error_handling", "Always fails") { _, _ in .done(.failure("This tool intentionally returns an error for testing")) },
        FixtureTool("test_echo", "Answers with what it was given", [.required("text", .string("What to say."))]) { call, _ in
            .says(call.arguments["text"]?.string ?? "")
        },
        FixtureTool("test_stray_output", "Prints to standard output behind the protocol's back") { _, _ in
            print("this line must not reach the host")
            return .says("printed")
        },
    ]

    private static let slow: [FixtureTool] = [
        FixtureTool("test_tool_with_progress", "Tells its progress") { _, progress in
            for step: Int64 in [0, 50, 100] {
                progress(step, 100, "Completed step \(step) of 100")
                try? await Task.sleep(for: .milliseconds(50))
            }
            return .says("done")
        },
        FixtureTool(
            "test_wait", "Waits until it is cancelled, or the given time has passed",
            [.optional("milliseconds", .integer("How long.", atLeast: 0, atMost: 600_000, default: 60_000))]
        ) { call, _ in
            let time = call.arguments["milliseconds"]?.integer ?? 0
            do { try await Task.sleep(for: .milliseconds(time)) } catch { return .done(.failure("cancelled")) }
            return .says("waited")
        },
    ]

    private static let redPixel = ToolContent.image(
        base64: "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==", mimeType: "image/png")
    private static let silence = ToolContent.audio(
        base64: "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=", mimeType: "audio/wav")
}
