import MCPSession
import TacitWire

/// Tells the state of the vault, whom the keeper takes the agent for, and help. It answers even when nothing else works.
struct SecretStatusTool: SecretTool {
    let version: String

    var description: ToolDescription {
        ToolDescription(
            name: "secret_status", title: "Secrets: status and help",
            description: """
                START HERE when unsure. Shows whether the vault is unlocked, who the server takes you for, what you may do, where names are \
                looked up, and help on one topic. Never shows secret values. For the names you may use call secret_list.
                """,
            input: .arguments([
                .optional("topic", .string("Help to include in the answer. Default none.", oneOf: HelpTopic.names, default: "none"))
            ]),
            output: .result([
                .required("vault", .string("State of the vault.", oneOf: ["unlocked", "locked", "absent", "unreachable", "unknown"])),
                .optional("agent", Self.agent),
                .required("scope", .string("PROJECT/ENVIRONMENT in which names are looked up.")),
                .optional("session", Self.session),
                .optional("warnings", .array("What a person should look at.", of: .string("One sentence."))),
                .optional("next_step", .string("What to do before secrets can be used.")),
                .optional("help", .string("Help on the topic.")),
                .required("server_version", .string("Version of this server.")),
            ]),
            hints: [.readOnly, .idempotent], meta: ["anthropic/alwaysLoad": true])
    }

    private static let agent = Schema.result(
        [
            .required("id", .string("The name that policies match, or `unidentified`, as while the vault is locked.")),
            .required(
                "capabilities",
                .array("What the policy allows you here; empty while the vault is locked or you are frozen.", of: .string("Capability."))),
        ], "Who the server takes you for.")

    private static let session = Schema.result(
        [
            .required("active", .boolean("A session of yours is awake.")),
            .optional("covers", .array("What your sessions cover.", of: .string("Name, tag:x or env:x."))),
            .optional("expires_at", .time("End of the first to end")),
        ], "Your sessions (session_wake).")

    func answer(_ call: ToolCall, in context: CallContext) async throws -> JSONObject {
        var answer: JSONObject = [:]
        do {
            let status = try await context.keeper.status(in: context.place, for: call.client)
            answer["vault"] = .string(status.state.rawValue)
            answer["agent"] = ["id": .string(status.actor.id), "capabilities": JSONValue(Self.capabilities(status))]
            answer["scope"] = .string("\(context.place)")
            answer["session"] = Self.session(status.sessions ?? [])
            if !status.warnings.isEmpty { answer["warnings"] = JSONValue(status.warnings) }
            answer["next_step"] = Self.nextStep(status).map(JSONValue.string)
        } catch let problem as Problem where ToolFailure.isOfBadge(problem) {
            // The keeper was not asked.
            answer["vault"] = "unknown"
            answer["scope"] = .string("\(context.place)")
            answer["next_step"] = .string(ToolFailure(problem).nextStep)
        } catch {
            answer["vault"] = "unreachable"
            answer["scope"] = .string("\(context.place)")
            answer["next_step"] = "Ask the person to run `tacit status` in their own terminal."
        }
        answer["help"] = HelpTopic(rawValue: call.arguments["topic"]?.string ?? "")?.text.map(JSONValue.string)
        answer["server_version"] = .string(version)
        return answer
    }

    private static func session(_ sessions: [SessionSummary]) -> JSONValue {
        guard let first = sessions.map(\.sleepsAt).min() else { return ["active": false] }
        return ["active": true, "covers": JSONValue(sessions.flatMap(\.covers)), "expires_at": .string(first)]
    }

    /// What the policy allows; nothing of it while the agent is frozen.
    private static func capabilities(_ status: VaultStatus) -> [String] { status.actor.frozen == true ? [] : status.actor.capabilities ?? [] }

    private static func nextStep(_ status: VaultStatus) -> String? {
        switch status.state {
        case .unlocked where status.actor.frozen == true: ToolFailure.whenFrozen
        case .absent: "Ask the person to make a vault: `tacit init` in their own terminal."
        case .locked: ToolFailure.whenLocked
        case .unlocked:
            (status.actor.capabilities ?? []).isEmpty && status.actor.kind != .person
                ? "No policy allows you anything here. Tell the person what you need: they decide in the policy (tacit policy edit)." : nil
        }
    }
}

extension Asker {
    /// The name that policies match.
    fileprivate var id: String { name ?? kind.rawValue }
}

/// What `secret_status` can explain.
enum HelpTopic: String, CaseIterable {
    case none, overview, run, inject, request, session, rules, errors

    static let names = allCases.map(\.rawValue)

    var text: String? {
        switch self {
        case .none: nil
        case .overview:
            """
            Secrets are stored by a person with the `tacit` command. You may list names (secret_list), check them (secret_exists), see a masked \
            form (secret_get_masked), run programs with them (secret_run), have requests sent (secret_request) and files written (secret_inject), each as far as the person's \
            policy allows. No tool returns a value. What is missing you ask for: secret_import for a secret, access_request for a right; the \
            person does it, and access_check tells you. \
            Names are looked up in one project and environment (`scope`); secret_run also takes tacit://PROJECT/ENVIRONMENT/NAME. A secret may \
            have fields: NAME#FIELD.
            """
        case .run:
            """
            secret_run starts a program without a shell and hands it secrets as environment variables: \
            {"argv":["psql","-c","select 1"],"secrets":[{"name":"DATABASE_URL"}],"purpose":"check that the database answers","cwd":"/path"}. \
            The variable is named after the secret (stripe/api-key becomes STRIPE_API_KEY) unless the person bound another or you give `var`. \
            The environment is clean otherwise. Pipes, globs and && need a script file of yours, run by its interpreter, which the \
            policy may not let have the secret. A program that reads the secret from standard input takes it with "as":"stdin", between the text of \
            `before` and `after`. So curl has a key in a header: {"argv":["curl","-sS","-H","@-","https://api.stripe.com/v1/invoices"],\
            "secrets":[{"name":"stripe/api-key","as":"stdin","before":"Authorization: Bearer "}],"purpose":"list invoices"}, or as user and password: \
            "-K","-" in argv, "before":"user = \\"me:","after":"\\"". Output comes back with known values and their \
            common encodings replaced by [REDACTED:NAME] or [REDACTED:NAME:form]; `not_scanned` says what could not be searched. A rotated key has a new version: it is what you get, and "version":N gives an \
            earlier one. Where only listed programs may have a secret, rule_list names them: it is no use to try others.
            """
        case .inject:
            """
            secret_inject writes a private file for a program that the person starts: {"secrets":[{"name":"DATABASE_URL"}],"purpose":"start the dev \
            server"}. By default it holds references, which `tacit run --env-file PATH -- PROGRAM` resolves in the person's terminal; \
            content=values needs the capability file_inject. With reads=N it is a pipe that can be read N times. You get the path only. Files are \
            removed at expires_at, by session_sleep, when the vault is locked, when a secret in them is deleted, and those with values when it is \
            changed: then ask for a new one.
            """
        case .request:
            """
            secret_request has the broker send one HTTP request with a secret: {"secret_name":"stripe/api-key",\
            "url":"https://api.stripe.com/v1/customers?limit=3","purpose":"find the customer"}. Write no Authorization header, cookie or key: the broker attaches the \
            credential where the person's request rule has it, and sends it to the hosts, methods and paths that a rule lists, over https alone. Anything else is \
            destination_not_allowed, and details.rule names the rule that came nearest. POST, PUT and PATCH take a body; say its content-type in headers. A \
            redirect is not followed: it comes back as it is, and its target is another request. Known values in the answer are replaced by [REDACTED:NAME]; \
            cookies and credentials in its headers are left out.
            """
        case .session:
            """
            Some secrets may only be used in a session: a tool then answers session_required. Call session_wake with covers (the secret's name, \
            tag:x or env:x) and a purpose, then repeat the call. A session ends at expires_at, sooner when it is not used, by session_sleep, and \
            when the vault is locked. It is yours alone.
            """
        case .rules:
            """
            Rules say what must be so before a secret is used. rule_list shows those on the secrets you may list, whether each is met, and how to \
            meet it: session_wake for require_session, rule_acknowledge for require_confirmation that asks for an acknowledgement; where it asks for a \
            person, make the call: it waits for them, and names a request if they take longer. block_always \
            and block_models have no way round: tell the person. Under programs it names those that may have a secret. secret_list says in `requires` what is still missing for each secret.
            """
        case .errors:
            """
            invalid_arguments: correct the call. not_found: there is no such secret or you may not use it. not_permitted: the policy does not \
            allow this, or a person denied it: see next_step. session_required: session_wake. acknowledgement_required: rule_acknowledge. approval_required: a \
            person decides about exactly this call: tell them, access_check with its request_id, then repeat the very call. blocked_by_rule: tell the \
            person. vault_locked: the person runs `tacit unlock`; wait until they say so. command_blocked: the policy does not list \
            this program for the secret (rule_list names those that it does), or it would print the environment. destination_not_allowed: no request rule lists this request. output_withheld: the answer would tell too much of a value. rate_limited: wait, then repeat. too_large: pass less. timeout, unavailable: see next_step. internal: tell the person.
            """
        }
    }
}
