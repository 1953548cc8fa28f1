extension TokenShape {
    /// Every shape that has a name of its own.
    package static let registry: [TokenShape] =
        codeHosts + packageIndexes + modelProviders + services + clouds + operations + databases + forms

    private static let byName = Dictionary(registry.map { ($0.name, $0) }) { first, _ in first }

    /// The shape that a grant was stored with; nil for one that this version does not know.
    package static func named(_ name: String) -> TokenShape? {
        if let shape = byName[name] { return shape }
        guard name.hasPrefix("tacit") else { return nil }
        return name == neutral.name ? neutral : neutral(provider: String(name.dropFirst("tacit-".count))).flatMap { $0.name == name ? $0 : nil }
    }

    private static let codeHosts: [TokenShape] =
        ["ghp", "gho", "ghu", "ghs", "ghr"].map { TokenShape("github-\($0)", .text("\($0)_"), .base62(30), .checksum) }
        + ["glpat", "gldt", "glptt", "glrt", "glft", "glcbt", "glsoat"].map { TokenShape("gitlab-\($0)", .text("\($0)-"), .base64url(20)) }
        + [
            TokenShape("github-fine-grained", "github_pat_", .base62(22), "_", .base62(59)),
            TokenShape("bitbucket", "ATBB", .base62(32)),
            TokenShape("atlassian", "ATATT3xFfGF0", .base64url(171), "=", .random(.capitalHex, 8)),
            TokenShape("sourcegraph", "sgp_", .hex(64)),
            TokenShape("linear", "lin_api_", .base62(40)),
        ]

    private static let packageIndexes: [TokenShape] = [
        TokenShape("npm", "npm_", .base62(30), .checksum),
        TokenShape("pypi", "pypi-AgEIcHlwaS5vcmc", .base64url(152)),
        TokenShape("test-pypi", "pypi-AgENdGVzdC5weXBpLm9yZw", .base64url(152)),
        TokenShape("rubygems", "rubygems_", .hex(48)),
        TokenShape("crates-io", "cio", .base62(32)),
        TokenShape("docker-hub", "dckr_pat_", .base64url(27)),
        TokenShape("clojars", "CLOJARS_", .hex(60)),
    ]

    private static let modelProviders: [TokenShape] = [
        TokenShape("openai", "sk-", .base62(20), "T3BlbkFJ", .base62(20)),
        TokenShape("openai-project", "sk-proj-", .base64url(74), "T3BlbkFJ", .base64url(74)),
        TokenShape("openai-service", "sk-svcacct-", .base64url(74), "T3BlbkFJ", .base64url(74)),
        TokenShape("openai-admin", "sk-admin-", .base64url(58), "T3BlbkFJ", .base64url(58)),
        TokenShape("anthropic", "sk-ant-api03-", .base64url(93), "AA"),
        TokenShape("anthropic-admin", "sk-ant-admin01-", .base64url(93), "AA"),
        TokenShape("openrouter", "sk-or-v1-", .hex(64)),
        TokenShape("google-api", "AIza", .base64url(35)),
        TokenShape("hugging-face", "hf_", .random(.letters, 34)),
        TokenShape("replicate", "r8_", .base62(37)),
        TokenShape("groq", "gsk_", .base62(52)),
        TokenShape("perplexity", "pplx-", .base62(48)),
        TokenShape("xai", "xai-", .base62(80)),
        TokenShape("pinecone", "pcsk_", .base62(6), "_", .base62(63)),
    ]

    private static let services: [TokenShape] =
        ["sk_live", "sk_test", "rk_live", "rk_test"].map { TokenShape("stripe-\($0)", .text("\($0)_"), .base62(24)) }
        + [
            TokenShape("stripe-webhook", "whsec_", .base62(32)),
            TokenShape("slack-bot", "xoxb-", .digits(12), "-", .digits(13), "-", .base62(24)),
            TokenShape("slack-user", "xoxp-", .digits(12), "-", .digits(12), "-", .digits(13), "-", .hex(32)),
            TokenShape("slack-app", "xapp-1-A", .random(.capitalBase36, 10), "-", .digits(13), "-", .hex(64)),
            TokenShape("sendgrid", "SG.", .base64url(22), ".", .base64url(43)),
            TokenShape("twilio-key", "SK", .hex(32), role: .identifies),
            TokenShape("mailgun", "key-", .hex(32)),
            TokenShape("notion", "ntn_", .digits(11), .base62(35)),
            TokenShape("notion-internal", "secret_", .base62(43)),
            TokenShape("airtable", "pat", .base62(14), ".", .hex(64)),
            TokenShape("figma", "figd_", .base64url(40)),
            TokenShape("shopify", "shpat_", .hex(32)),
            TokenShape("square", "EAAA", .base64url(60)),
            TokenShape("telegram-bot", .digits(10), ":AA", .base64url(33)),
            TokenShape("discord-bot", "MT", .base62(24), ".", .base64url(6), ".", .base64url(38)),
            TokenShape("postman", "PMAK-", .hex(24), "-", .hex(34)),
            TokenShape("brave-search", "BSA", .base64url(28)),
            TokenShape("typeform", "tfp_", .base62(44), "_", .base62(15)),
            TokenShape("contentful", "CFPAT-", .base64url(43)),
        ]

    private static let clouds: [TokenShape] = [
        TokenShape("aws-key-id", "AKIA", .base32(16), role: .identifies),
        TokenShape("aws-session-key-id", "ASIA", .base32(16), role: .identifies),
        TokenShape("digitalocean", "dop_v1_", .hex(64)),
        TokenShape("heroku", "HRKU-AA", .base64url(58)),
        TokenShape("netlify", "nfp_", .base62(36)),
        TokenShape("supabase", "sbp_", .hex(40)),
        TokenShape("planetscale", "pscale_tkn_", .base64url(43)),
        TokenShape("databricks", "dapi", .hex(32)),
        TokenShape("fly", "fo1_", .base64url(43)),
    ]

    private static let operations: [TokenShape] = [
        TokenShape("vault", "hvs.", .base64url(90)),
        TokenShape("terraform", .base62(14), ".atlasv1.", .base64url(67), marks: []),
        TokenShape("doppler", "dp.pt.", .base62(43)),
        TokenShape("grafana", "glsa_", .base62(32), "_", .hex(8)),
        TokenShape("new-relic", "NRAK-", .random(.capitalBase36, 27)),
        TokenShape("sentry-user", "sntryu_", .hex(64)),
        TokenShape("dynatrace", "dt0c01.", .base32(24), ".", .base32(64)),
        TokenShape("buildkite", "bkua_", .hex(40)),
        TokenShape("pulumi", "pul-", .hex(40)),
        TokenShape("prefect", "pnu_", .base62(36)),
        TokenShape("artifactory", "AKCp", .random(.base58, 69)),
    ]

    /// Addresses of databases. Host and user are of the token's own; the names end in `.invalid` (RFC 2606), which nothing answers to.
    private static let databases: [TokenShape] = [
        ("postgres", ["postgres", "postgresql"]), ("mysql", ["mysql"]), ("mongodb", ["mongodb", "mongodb+srv"]), ("redis", ["redis", "rediss"]),
        ("amqp", ["amqp", "amqps"]),
    ].map { name, schemes in
        TokenShape(
            "\(name)-url", .text("\(schemes[0])://"), .random(.smallLetters, 8), ":", .base62(32), "@db.tacit.invalid/app",
            marks: schemes.map { "\($0)://" })
    }

    /// What is told by its form alone, the narrower before the wider.
    private static let forms: [TokenShape] = [
        // A header begins with `{"alg"`, `{"typ"` and the like.
        TokenShape(
            "jwt", .base64url([#"{"alg":"HS256","typ":"JWT"}"#]), ".", .base64url([#"{"exp":4102444800,"jti":""#, .base62(24), #""}"#]), ".",
            .base64url(43), marks: ["eyJh", "eyJ0", "eyJr", "eyJl", "eyJj", "eyJq"]),
        TokenShape("uuid", .hex(8), "-", .hex(4), "-4", .hex(3), "-", .random(TokenAlphabet("89ab"), 1), .hex(3), "-", .hex(12)),
        TokenShape("mailchimp", .hex(32), "-us", .digits(2)),
        TokenShape("hex-32", .hex(32)),
        TokenShape("hex-40", .hex(40)),
        TokenShape("hex-64", .hex(64)),
        TokenShape("base62-24", .base62(24)),
        TokenShape("base62-32", .base62(32)),
        TokenShape("base62-40", .base62(40)),
        // The other half of an AWS key pair.
        TokenShape("base64-40", .base64(40)),
        TokenShape("base64url-40", .base64url(40)),
        TokenShape("base64url-43", .base64url(43)),
    ]
}
