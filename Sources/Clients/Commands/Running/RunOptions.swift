import ArgumentParser

/// What a command line of `tacit run` says.
struct RunOptions {
    var words: [String]
    var choice = RunPlan.Choice()
    var prefix: String?
    var preservesEnvironment = false
    var timeout: String?
    var isUnmasked = false
    var isSandboxed = false
    var writesThrough = false
    var reads: [String] = []
    /// How values are handed over: `env` or `fd`.
    var way: String?
    /// Whose fake tokens stand in the place of values.
    var agent: String?
    /// Whether those tokens are shown in the output as they are.
    var showsTokens = false
    /// Where the rules are written that the program's requests lacked.
    var learned: String?
    var scope: ScopeOptions
    var global: GlobalOptions

    init(_ words: [String], _ scope: ScopeOptions, _ global: GlobalOptions) { (self.words, self.scope, self.global) = (words, scope, global) }

    /// Runs the command; a code other than 0 is thrown.
    func perform(in context: CommandContext) throws {
        let resolver = ScopeResolver(context: context)
        let plan = try plan(resolver)
        let place = try resolver.scope(scope)
        let learner = agent.flatMap { agent in learned.map { RequestLearner(writing: $0, for: agent, in: place, context) } }
        let status: Int32
        do {
            status =
                try isUnmasked ? UnmaskedRun(plan, scope, context).replaceProcess(global) : MaskedRun(plan, place, context, learner).perform(global)
        } catch let failure as CommandFailure where failure.problem != nil || failure.status != .usage {
            throw RunEnding.report(failure, json: global.json, in: context)
        }
        if status != 0 { throw ExitCode(status) }
    }

    private func plan(_ resolver: ScopeResolver) throws -> RunPlan {
        let command = try RunPlan.command(in: words)
        if let prefix, !NameShape.isVariable(prefix.utf8) {
            throw CommandFailure.usage("what follows `--env-prefix` cannot begin a variable", hint: "letters, digits and `_`, no digit first")
        }
        guard isSandboxed || !writesThrough && reads.isEmpty else {
            throw CommandFailure.usage(
                "`--write-through` and `--read` are about a sandbox", hint: "add `--sandbox`: without one, files are read and written as they are")
        }
        guard way == nil || way == "env" || way == "fd" else {
            throw CommandFailure.usage("what follows `--via` is no way to hand a value over", hint: "it is `env` or `fd`")
        }
        guard way != "fd" || !isUnmasked else {
            throw CommandFailure.usage("`--via fd` and `--no-mask` do not go together", hint: "leave one of them out")
        }
        guard !isSandboxed || !isUnmasked else {
            throw CommandFailure.usage("`--sandbox` and `--no-mask` do not go together", hint: "with `--no-mask` this process becomes the command")
        }
        guard agent == nil || !isUnmasked && way == nil && choice.input == nil && !choice.takesAll else {
            throw CommandFailure.usage(
                "`--agent` does not go together with `--no-mask`, `--via`, `--stdin` and `--all`",
                hint: "name the secrets by `-k`: fake tokens are in variables")
        }
        guard !showsTokens || agent != nil else {
            throw CommandFailure.usage("`--show-tokens` is about the fake tokens of an agent", hint: "add `--agent NAME`")
        }
        guard learned == nil || agent != nil else {
            throw CommandFailure.usage("`--learn` is about requests of an agent's program", hint: "add `--agent NAME`")
        }
        let secrets = try RunPlan.secrets(choice) { try resolver.projectFile()?.file.keys }
        let directory = resolver.context.currentDirectory
        return RunPlan(
            command: command, secrets: way == "fd" ? secrets.map(RunPlan.asFile) : secrets, takesAll: choice.takesAll,
            prefix: prefix, preservesEnvironment: preservesEnvironment, timeoutSeconds: try timeout.map { try RunSpan.seconds($0) },
            isSandboxed: isSandboxed, writesThrough: writesThrough,
            reads: reads.map { $0.hasPrefix("/") ? $0 : "\(directory)/\($0)" }, agent: agent, showsTokens: showsTokens)
    }
}
