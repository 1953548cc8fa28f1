import TacitClient
import TacitWire

/// A run without the keeper in between: this process fetches the values and becomes the command. Nothing that the command prints is redacted.
struct UnmaskedRun {
    let plan: RunPlan
    let options: ScopeOptions
    let context: CommandContext

    init(_ plan: RunPlan, _ options: ScopeOptions, _ context: CommandContext) {
        (self.plan, self.options, self.context) = (plan, options, context)
    }

    /// Becomes the command. It returns only by throwing.
    func replaceProcess(_ global: GlobalOptions) throws -> Int32 {
        guard plan.timeoutSeconds == nil else {
            throw CommandFailure.usage(
                "`--timeout` and `--no-mask` do not go together", hint: "with `--no-mask` nobody stays to end the command; use `timeout 30s CMD`")
        }
        let door = try VaultDoor(context, global, to: "run a command with its output unmasked")
        door.references = plan.secrets.map(\.reference)
        try door.askFirst()
        let targets = try targets(door)
        let successor = Successor(plan.command, RunPlan.inherited(context.environment), replacing: targets.compactMap(\.variable))
        for target in targets {
            let value = try naming(target.reference, door) {
                WipedBytes(try door.answer("GET", target.reference.path + "/value" + target.reference.query).body)
            }
            if let variable = target.variable { try successor.add(value, as: variable) } else { try successor.feed(value) }
        }
        context.typing.end()
        try successor.replaceProcess()
        return RunEnding.ownFailure
    }

    /// What is asked for one of several secrets says, where it is refused, for which.
    private func naming<Result>(_ reference: Reference, _ door: VaultDoor, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let failure as CommandFailure {
            throw door.naming(failure, among: [reference], in: try ScopeResolver(context: context).scope(options))
        }
    }

    /// One field and where it goes; standard input when no variable is named.
    struct Target {
        var reference: Reference
        var variable: String?
    }

    /// Every field that is asked for, none twice in one place, and what the person is told of inherited variables.
    private func targets(_ door: VaultDoor) throws -> [Target] {
        var targets: [Target] = []
        for secret in plan.secrets {
            let reference = try Reference(secret.reference, options, in: context)
            targets += try naming(reference, door) {
                try InjectedFields(door.get(reference.path), reference, prefix: plan.prefix ?? "").targets(secret)
            }
        }
        if plan.takesAll { targets += try allTargets(door, except: Set(targets.map(\.reference.path))) }
        var taken: Set<String?> = []
        for target in targets {
            if let variable = target.variable { try InjectedFields.check(variable) }
            guard taken.insert(target.variable).inserted else { throw InjectedFields.taken(target.variable) }
        }
        let console = Console(context)
        return targets.filter { target in
            guard let variable = target.variable, context.environment[variable] != nil else { return true }
            if plan.preservesEnvironment {
                console.note("the inherited variable \(variable) is kept; its secret is not injected")
            } else {
                console.note("the secret wins over the inherited variable \(variable)")
            }
            return !plan.preservesEnvironment
        }
    }

    private func allTargets(_ door: VaultDoor, except known: Set<String>) throws -> [Target] {
        let scope = try ScopeResolver(context: context).scope(options)
        var targets: [Target] = []
        var cursor: String?
        repeat {
            let query = cursor.map { "?cursor=\(WirePath.encoded($0))" } ?? ""
            let page: Page<SecretSummary> = try door.get(WirePath.secrets(scope.project, scope.environment) + query)
            for summary in page.items {
                let reference = try Reference("tacit://\(scope.text)/\(summary.name)", options, in: context)
                guard !known.contains(reference.path) else { continue }
                let detail: SecretDetail = try door.get(reference.path)
                targets += try InjectedFields(detail, reference, prefix: plan.prefix ?? "", isOfAll: true).targets(RunSecret(reference: summary.name))
            }
            cursor = page.nextCursor
        } while cursor != nil
        return targets
    }
}
