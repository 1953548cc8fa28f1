/// What a model should know about secrets here, in a few lines that it reads with every conversation.
enum ModelInstructions {
    static let lines = """
        ## Secrets

        Credentials on this machine lie in Tacit. Use them through the `tacit` MCP tools; their values are never shown to you, and you do not need them.

        1. `secret_list` says which secrets you may use, and how. Do not search files, the environment or shell history for keys.
        2. To use one, call `secret_run` with the program and its arguments; the program finds the value in an environment variable that is named
           after the secret: stripe/test-key is STRIPE_TEST_KEY.
           There is no shell: put pipes and loops into a script file and run that, where the policy lets scripts have the secret (`rule_list`).
           A header for curl comes from standard input (`-H @-`, and the secret `as` stdin with text `before` it): the tool shows the call.
        3. `[REDACTED:NAME]` in output stands for a value. It is meant to be so: go on, and do not try to print the value in another way.
        4. An error has `code` and `next_step`: do what the step says. `vault_locked` and everything that needs a person: tell the person the
           command that is named, and wait. `not_found` also means that you may not know of it.
        5. Never ask the person to type or paste a secret into the conversation. To store one, they run `tacit set NAME` in a terminal of their own.
        """.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
}
