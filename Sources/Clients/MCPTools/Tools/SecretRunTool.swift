import MCPSession
import TacitWire

/// Runs a program with secrets and gives back its redacted output. The values never come here.
struct SecretRunTool: SecretTool {
    /// The most runs of one server at once.
    static let maximumRuns = 5
    private let places = Places(SecretRunTool.maximumRuns)

    func answer(_ call: ToolCall, in context: CallContext) async throws -> JSONObject {
        let wish = try RunWish(call.arguments, in: context.place)
        guard places.take() else { throw ToolFailure.tooManyRuns }
        defer { places.giveBack() }
        let record = RunRecord(limit: wish.outputLimit)
        let audit = try await Self.watched(wish, record, context) {
            try await context.keeper.run(wish.request, input: wish.input, for: call.client) { record.take($0) }
        }
        return try Self.answer(wish, record.current, audit: audit)
    }

    /// Runs `body`, tells progress every five seconds, and gives up on a keeper that does not end a run long after its time.
    private static func watched(
        _ wish: RunWish, _ record: RunRecord, _ context: CallContext, _ body: @escaping @Sendable () async throws -> String?
    ) async throws -> String? {
        try await withThrowingTaskGroup(of: String?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                var (seconds, heldFor): (Int64, Int64) = (0, 0)
                // The keeper holds a call for a while when a person has to approve it.
                while seconds < wish.timeoutSeconds + 60 {
                    try await context.pause(.seconds(5))
                    seconds += 5
                    if !record.current.hasStarted { heldFor = seconds }
                    let words = heldFor == seconds ? waiting : "running for \(seconds - heldFor) s"
                    context.progress(min(seconds, wish.timeoutSeconds), wish.timeoutSeconds, words)
                }
                throw ToolFailure(
                    code: .timeout, message: "the run was not ended in time", nextStep: "Tell the person; `tacit status` shows what is running.")
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    /// A program is started at once, or when a person has allowed it.
    private static let waiting =
        "waiting for a person, who decides with `tacit approvals approve CODE` or `deny CODE`; `tacit approvals` shows the code"

    private static func answer(_ wish: RunWish, _ run: RunRecord.State, audit: String?) throws -> JSONObject {
        guard let exit = run.exit else {
            throw ToolFailure.unavailable("the run ended without a result", nextStep: "Repeat the call; if it fails again, tell the person.")
        }
        if case .failed(let failure) = exit { throw failure }
        let output = run.withheld
        // What led up to a hit would say where it was: an answer that is given at once is withheld whole.
        let isWhole = output?.withheld.contains { $0.reason != "compressed" } ?? false
        let (stdout, stderr) = isWhole ? (.nothing, .nothing) : (run.stdout.rendering, run.stderr.rendering)
        let redactions = run.report?.redactions ?? []
        var answer: JSONObject = ["exit_code": JSONValue(Int(exit.status)), "timed_out": .bool(run.hasTimedOut)]
        answer["stdout"] = .string(stdout.text)
        answer["stderr"] = .string(stderr.text)
        answer["truncated"] = .bool(stdout.omittedBytes + stderr.omittedBytes > 0)
        answer["redactions"] = JSONValue(redactions.map(\.count).reduce(0, +))
        answer["redacted"] = .array(redactions.map { ["name": .string($0.name), "form": .string($0.view), "count": JSONValue($0.count)] })
        answer["not_scanned"] = JSONValue(run.report?.unscanned ?? ["the keeper did not say what was scanned"])
        answer["output"] = output.map(Self.told)
        answer["sandbox"] = run.report?.sandbox.map(Self.told)
        answer["files"] = run.report?.files.map(Self.told)
        answer["notes"] = JSONValue(
            wish.notes + wish.notes(after: exit, timedOut: run.hasTimedOut) + notes(on: stdout, named: "stdout") + notes(on: stderr, named: "stderr"))
        let duration = run.duration
        answer["duration_ms"] = .integer(duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000)
        answer["secrets_used"] = .array(wish.secrets)
        answer["audit_id"] = audit.map(JSONValue.string)
        return answer
    }

    private static func told(_ output: RunOutput) -> JSONValue {
        [
            "withheld": .array(
                output.withheld.map { part in
                    var told: JSONObject = ["stream": .string(part.stream), "reason": .string(part.reason)]
                    told["secret"] = part.secret.map(JSONValue.string)
                    told["bytes"] = JSONValue(part.bytes)
                    told["message"] = .string(part.sentence)
                    return .object(told)
                })
        ]
    }

    private static func told(_ sandbox: RunSandbox) -> JSONValue {
        [
            "namespaces": .string(sandbox.namespaces), "landlock": .string(sandbox.landlock), "seccomp": .string(sandbox.seccomp),
            "network": .string(sandbox.network), "files": .string(sandbox.files), "cgroup": .string(sandbox.cgroup),
        ]
    }

    private static func told(_ files: RunChanges) -> JSONValue {
        [
            "written": JSONValue(files.written), "deleted": JSONValue(files.deleted), "withheld": JSONValue(files.withheldCount),
            "told": .array(files.withheld.map { ["path": .string($0.path), "reason": .string($0.reason)] }),
            "kept_beside": .array(files.kept.map { ["path": .string($0.path), "copy": .string($0.copy)] }),
        ]
    }

    private static func notes(on stream: OutputText.Rendering, named name: String) -> [String] {
        var notes: [String] = []
        if stream.omittedBytes > 0 {
            notes.append(
                "\(name): \(stream.omittedBytes) bytes of the middle were left out; ask for up to \(RunWish.largestOutput) with "
                    + "max_output_bytes, or let the program write less")
        }
        if stream.isRepaired { notes.append("\(name): bytes that are no UTF-8 were replaced by U+FFFD in this text") }
        return notes
    }
}
