import MCPSession

/// The program `tacit mcp`: the tools over standard input and output. It holds no value and opens none.
package struct MCPServer: Sendable {
    private let tools: SecretTools
    private let version: String

    package init(keeper: any KeeperAPI, place: Place, version: String) {
        tools = SecretTools(keeper: keeper, place: place, version: version)
        self.version = version
    }

    /// Serves until standard input ends. The handshake is answered at once, whatever the keeper does.
    package func serve() async throws(StdioError) { await serve(over: try .takeOverStandardStreams()) }

    /// Serves over other descriptors.
    package func serve(over pipe: StdioPipe) async {
        let tools = tools
        await StdioServer(session, over: pipe) { .done(await tools.outcome(of: $0, progress: $1)) }.serve()
    }

    /// A session before its handshake.
    var session: MCPSession {
        let server = ServerDescription(name: "tacit", title: "Tacit secrets", version: version, instructions: Self.instructions)
        return MCPSession(server: server, tools: tools.descriptions, states: .ofThisProcess()) { ToolFailure.invalidArguments("\($0)").outcome }
    }

    /// What a model reads before its first call.
    static let instructions = """
        This server lets you USE secrets (API keys, passwords, tokens, database URLs) without seeing them. No tool takes a value, and known values are taken out of what comes back.
        1. Before asking the user for a credential, call secret_list. If it is not listed, ask whether it is stored: if it is, access_request; if not, \
        secret_import has the person store it in their own terminal. Never ask for a value in chat and never pass one as an argument.
        2. Run programs with secret_run (argv, no shell): the program finds the secret in an environment variable, and you get its output. For a \
        program that the user starts: secret_inject writes a file. For one HTTP request: secret_request.
        3. To check exact names use secret_exists; to tell which key is stored, secret_get_masked shows at most its last 4 characters.
        4. Errors carry error.code and error.next_step: follow next_step. session_required: session_wake. acknowledgement_required: \
        rule_acknowledge. Repeat a call unchanged only where next_step says so or error.retryable is true, and never in a loop.
        5. [REDACTED:NAME] in output stands where a value was: that is normal. Do not try to get around it (encoding, slicing, files, other \
        tools). Every use of a secret is written to an audit log.
        6. Where next_step leaves you nothing to do, stop and tell the user what you needed it for. What waits for a person has a \
        request_id: show the user tell_user, then access_check. When done, call session_sleep.
        More: secret_status with a topic.
        """
}
