import MCPSession
import MCPTools

/// The tools of the fixture, under the names that the public conformance suite calls.
enum FixtureTool: String, CaseIterable {
    case text = "test_simple_text"
    case image = "test_image_content"
    case audio = "test_audio_content"
    case resource = "test_embedded_resource"
    case mixed = "test_multiple_content_types"
    case error = "test_error_handling"
    case progress = "test_tool_with_progress"
    case wait = "test_wait"
    case structured = "test_structured_output"
    case echo = "test_echo"
    case stray = "test_stray_output"

    var description: ToolDescription {
        ToolDescription(name: rawValue, title: title, description: "\(title).", input: input, output: output, hints: [.readOnly, .idempotent])
    }

    private var title: String {
        switch self {
        case .text: "Answers with a text"
        case .image: "Answers with an image"
        case .audio: "Answers with a sound"
        case .resource: "Answers with a resource"
        case .mixed: "Answers with several kinds of content"
        case .error: "Always fails"
        case .progress: "Tells its progress"
        case .wait: "Waits until it is cancelled, or the given time has passed"
        case .structured: "Answers with structured content"
        case .echo: "Answers with what it was given"
        case .stray: "Prints to standard output behind the protocol's back"
        }
    }

    private var input: Schema {
        switch self {
        case .wait: .arguments([.optional("milliseconds", .integer("How long.", atLeast: 0, atMost: 600_000, default: 60_000))])
        case .structured:
            .arguments([
                .required("name", .string("Any name.", atLeast: 1, atMost: 40)),
                .optional("count", .integer("Any number.", atLeast: 0, atMost: 10, default: 3)),
                .optional("mode", .string("One of two.", oneOf: ["plain", "fancy"], default: "plain")),
                .optional("tags", .array("Words.", of: .string("A word."), atMost: 4)),
                .optional("exact", .boolean("Whether.", default: true)),
                .optional("ratio", .number("A share.", atLeast: 0, atMost: 1)),
            ])
        case .echo: .arguments([.required("text", .string("What to say."))])
        default: .arguments([])
        }
    }

    private var output: Schema? {
        guard self == .structured else { return nil }
        return .result([
            .required("name", .string("As given.")), .required("count", .integer("As given.")), .required("mode", .string("As given.")),
        ])
    }

    func outcome(_ call: ToolCall, _ progress: StdioServer.Progress) async -> ToolOutcome {
        switch self {
        case .text: return ToolOutcome([.text("This is a simple text response for testing.")])
        case .image: return ToolOutcome([Self.redPixel])
        case .audio: return ToolOutcome([Self.silence])
        case .resource: return ToolOutcome([Self.embedded])
        case .mixed: return ToolOutcome([.text("Multiple content types test:"), Self.redPixel, Self.embedded])
        case .error: return .failure("This tool intentionally returns an error for testing")
        case .structured: return ToolOutcome(structured: call.arguments)
        case .echo: return ToolOutcome([.text(call.arguments["text"]?.string ?? "")])
        case .stray:
            print("this line must not reach the host")
            return ToolOutcome([.text("printed")])
        case .progress:
            for step: Int64 in [0, 50, 100] {
                progress(step, 100, "Completed step \(step) of 100")
                try? await Task.sleep(for: .milliseconds(50))
            }
            return ToolOutcome([.text("done")])
        case .wait:
            let time = call.arguments["milliseconds"]?.integer ?? 0
            do { try await Task.sleep(for: .milliseconds(time)) } catch { return .failure("cancelled") }
            return ToolOutcome([.text("waited")])
        }
    }

    private static let redPixel = ToolContent.image(
        base64: "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==", mimeType: "image/png")
    private static let silence = ToolContent.audio(
        base64: "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=", mimeType: "audio/wav")
    private static let embedded = ToolContent.resource(
        uri: "test://embedded-resource", mimeType: "text/plain", text: "This is an embedded resource content.")
}
