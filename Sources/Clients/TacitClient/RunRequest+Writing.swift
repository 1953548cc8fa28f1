import TacitWire

extension RunRequest {
    /// The request's JSON, written out by hand: the general encoder takes longer than the keeper takes to answer. The tests hold the two together.
    var json: [UInt8] {
        var writer = WireWriter()
        writer.member("argv") { $0.list(argv) { $0.text($1) } }
        writer.optional("cwd", cwd)
        writer.optional("scope", scope)
        writer.member("environment") { $0.object { for (name, value) in environment { $0.optional(name, value) } } }
        writer.member("secrets") { writer in
            writer.list(secrets) { writer, secret in
                writer.object {
                    $0.optional("reference", secret.reference)
                    $0.optional("variable", secret.variable)
                    if let stdin = secret.stdin { $0.raw("stdin", stdin) }
                    if let file = secret.file { $0.raw("file", file) }
                    $0.optional("before", secret.before)
                    $0.optional("after", secret.after)
                }
            }
        }
        writer.raw("all", all)
        writer.optional("environment_prefix", environmentPrefix)
        writer.raw("preserve_environment", preserveEnvironment)
        if let timeoutSeconds { writer.raw("timeout_seconds", timeoutSeconds) }
        if let terminal {
            writer.member("terminal") { writer in
                writer.object {
                    $0.raw("rows", terminal.rows)
                    $0.raw("columns", terminal.columns)
                    $0.raw("input", terminal.input)
                    $0.raw("output", terminal.output)
                    $0.raw("error", terminal.error)
                    $0.optional("term", terminal.term)
                    if let modes = terminal.modes { $0.member("modes") { $0.write(modes) } }
                }
            }
        }
        if let fileMask { writer.raw("file_mask", fileMask) }
        writer.optional("purpose", purpose)
        writer.raw("mask_output", maskOutput)
        writer.optional("input", input)
        if let sendsInput { writer.raw("sends_input", sendsInput) }
        if let sandbox { writer.raw("sandbox", sandbox) }
        if let writeThrough { writer.raw("write_through", writeThrough) }
        if let reads { writer.member("reads") { $0.list(reads) { $0.text($1) } } }
        writer.optional("agent", agent)
        if let showTokens { writer.raw("show_tokens", showTokens) }
        return [UInt8(ascii: "{")] + writer.bytes + [UInt8(ascii: "}")]
    }
}

extension WireWriter {
    fileprivate mutating func write(_ modes: RunTerminalModes) {
        object { writer in
            writer.raw("input", modes.input)
            writer.raw("output", modes.output)
            writer.raw("local", modes.local)
            writer.member("characters") { $0.list(modes.characters) { $0.raw($1) } }
        }
    }
}
