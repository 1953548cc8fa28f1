package import Policies

/// The services that Tacit knows. Facts are from their public documentation, as of November 2026.
package enum ProviderCatalogue {
    package static let all: [Provider] = models + code + packages + data + work + mail + clouds + operations

    private static let byHost = Dictionary(all.flatMap { provider in provider.hosts.map { ($0, provider) } }) { first, _ in first }
    private static let byName = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }

    /// The provider whose own host this is; the host in the form in which it is judged.
    package static func provider(at host: String) -> Provider? {
        byHost[host] ?? withDomains.first { $0.has(host: host) }
    }

    /// As that, or where the host is none of a provider's, the service that a rule says it is.
    package static func provider(at host: String, known service: OwnService?) -> Provider? {
        provider(at: host) ?? service.flatMap { provider(named: $0.rawValue) }
    }

    private static let withDomains = all.filter { !$0.domains.isEmpty }

    package static func provider(named name: String) -> Provider? { byName[name] }
}

extension ProviderCatalogue {
    private static let models = [
        Provider(
            "openai", at: ["api.openai.com"], base: "/v1", like: "openai-project", variables: ["OPENAI_API_KEY"],
            address: ["OPENAI_BASE_URL", "OPENAI_API_BASE"],
            credentials: [
                "/v1/organization/admin_api_keys", "/v1/organization/admin_api_keys/**", "/v1/organization/projects/*/api_keys/**",
                "/v1/organization/projects/*/service_accounts", "/v1/realtime/sessions", "/v1/realtime/client_secrets",
                "/v1/realtime/transcription_sessions", "/v1/chatkit/sessions",
            ]),
        Provider(
            "anthropic", at: ["api.anthropic.com"], in: [.header("x-api-key"), .bearer], like: "anthropic",
            variables: ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"], address: ["ANTHROPIC_BASE_URL"],
            credentials: ["/v1/organizations/api_keys", "/v1/organizations/api_keys/**", "/v1/oauth/**"]),
        Provider(
            "gemini", at: ["generativelanguage.googleapis.com"], in: [.header("x-goog-api-key"), .query("key"), .bearer], like: "google-api",
            variables: ["GEMINI_API_KEY", "GOOGLE_API_KEY"], address: ["GOOGLE_GEMINI_BASE_URL"], credentials: ["/*/auth_tokens", "/*/authTokens"]),
        Provider(
            "mistral", at: ["api.mistral.ai"], like: "base62-32", variables: ["MISTRAL_API_KEY"]),
        Provider("cohere", at: ["api.cohere.com", "api.cohere.ai"], like: "base62-40", variables: ["CO_API_KEY", "COHERE_API_KEY"]),
        Provider(
            "huggingface", at: ["huggingface.co", "router.huggingface.co"], in: [.bearer, .basic], like: "hugging-face",
            variables: ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"], address: ["HF_ENDPOINT"], encodedSlash: true,
            credentials: ["/oauth/**", "/api/settings/tokens/**"]),
        Provider(
            "openrouter", at: ["openrouter.ai"], base: "/api/v1", like: "openrouter", variables: ["OPENROUTER_API_KEY"],
            credentials: ["/api/v1/keys", "/api/v1/keys/**", "/api/v1/auth/**"]),
        Provider("groq", at: ["api.groq.com"], base: "/openai/v1", like: "groq", variables: ["GROQ_API_KEY"], address: ["GROQ_BASE_URL"]),
        Provider("perplexity", at: ["api.perplexity.ai"], like: "perplexity", variables: ["PERPLEXITY_API_KEY", "PPLX_API_KEY"]),
        Provider("xai", at: ["api.x.ai"], base: "/v1", like: "xai", variables: ["XAI_API_KEY"]),
        Provider("replicate", at: ["api.replicate.com"], base: "/v1", like: "replicate", variables: ["REPLICATE_API_TOKEN"]),
        Provider("deepseek", at: ["api.deepseek.com"], like: "openai", variables: ["DEEPSEEK_API_KEY"]),
        Provider(
            "pinecone", at: ["api.pinecone.io"], in: [.header("api-key")], like: "pinecone", variables: ["PINECONE_API_KEY"],
            credentials: ["/admin/projects/*/api-keys", "/admin/api-keys/**"]),
        Provider("brave", at: ["api.search.brave.com"], in: [.header("x-subscription-token")], like: "brave-search", variables: ["BRAVE_API_KEY"]),
    ]

    private static let code = [
        Provider(
            "github", at: ["api.github.com", "github.com", "uploads.github.com", "codeload.github.com"],
            in: [.bearer, .header("authorization"), .basic], like: "github-ghp", variables: ["GITHUB_TOKEN", "GH_TOKEN"], ownBase: "/api/v3",
            credentials: [
                "/app/installations/*/access_tokens", "/app-manifests/*/conversions", "/applications/*/token", "/applications/*/token/**",
                "/login/oauth/**", "/login/device/**", "/repos/*/*/actions/runners/*-token", "/repos/*/*/actions/runners/generate-jitconfig",
                "/orgs/*/actions/runners/*-token", "/orgs/*/actions/runners/generate-jitconfig",
                // The same by their numbers, and of enterprises.
                "/repositories/*/actions/runners/*-token", "/repositories/*/actions/runners/generate-jitconfig",
                "/organizations/*/actions/runners/*-token", "/organizations/*/actions/runners/generate-jitconfig",
                "/enterprises/*/actions/runners/*-token", "/enterprises/*/actions/runners/generate-jitconfig", "/copilot_internal/**",
            ]),
        Provider(
            "gitlab", at: ["gitlab.com"], in: [.header("private-token"), .bearer, .basic], like: "gitlab-glpat", variables: ["GITLAB_TOKEN"],
            encodedSlash: true,
            credentials: [
                "/oauth/**", "/api/v4/personal_access_tokens", "/api/v4/personal_access_tokens/**", "/api/v4/users/*/personal_access_tokens",
                "/api/v4/user/personal_access_tokens", "/api/v4/*/*/access_tokens", "/api/v4/*/*/access_tokens/**", "/api/v4/*/*/deploy_tokens",
                "/api/v4/*/*/deploy_tokens/**", "/api/v4/*/*/variables", "/api/v4/*/*/variables/**", "/api/v4/*/*/triggers/**",
                "/api/v4/runners/**", "/api/v4/user/runners", "/api/v4/admin/ci/variables/**", "/jwt/auth", "/api/v4/*/*/pipelines/*/variables",
                "/api/v4/users/*/impersonation_tokens/**", "/api/v4/*/*/cluster_agents/*/tokens/**",
                "/api/v4/*/*/service_accounts/*/personal_access_tokens/**",
            ]),
        Provider(
            "linear", at: ["api.linear.app"], in: [.header("authorization"), .bearer], like: "linear", variables: ["LINEAR_API_KEY"],
            credentials: ["/oauth/**"]),
        // Each customer has a host of its own below atlassian.net, which a rule names.
        Provider(
            "jira", at: ["api.atlassian.com"], below: ["atlassian.net"], in: [.basic, .bearer], like: "atlassian",
            variables: ["JIRA_API_TOKEN", "ATLASSIAN_API_TOKEN"], credentials: ["/oauth/**"]),
        Provider(
            "sentry", at: ["sentry.io", "us.sentry.io", "de.sentry.io"], like: "sentry-user", variables: ["SENTRY_AUTH_TOKEN"],
            address: ["SENTRY_URL"],
            credentials: [
                "/api/0/api-tokens/**", "/api/0/organizations/*/org-auth-tokens/**", "/api/0/sentry-app-installations/*/authorizations/**",
                "/api/0/sentry-apps/*/api-tokens/**", "/api/0/projects/*/*/keys/**", "/api/0/organizations/*/project-keys/**",
                "/api/0/organizations/*/api-keys/**", "/api/0/api-applications/**",
                "/oauth/**",
            ]),
        Provider(
            "circleci", at: ["circleci.com"], in: [.header("circle-token"), .basic], like: "hex-40", variables: ["CIRCLE_TOKEN", "CIRCLECI_TOKEN"],
            credentials: ["/api/*/project/**/token", "/api/*/project/**/checkout-key", "/api/v2/project/**/ssh-key"]),
        Provider(
            "figma", at: ["api.figma.com"], in: [.header("x-figma-token"), .bearer], like: "figma", variables: ["FIGMA_TOKEN", "FIGMA_API_KEY"],
            credentials: ["/v1/oauth/**"]),
    ]

    private static let packages = [
        Provider(
            "npm", at: ["registry.npmjs.org"], in: [.bearer, .basic], like: "npm", variables: ["NPM_TOKEN", "NODE_AUTH_TOKEN"], encodedSlash: true,
            credentials: ["/-/npm/v1/tokens", "/-/npm/v1/tokens/**", "/-/user/**", "/-/v1/login", "/-/npm/v1/oidc/**"]),
        Provider(
            "pypi", at: ["upload.pypi.org", "pypi.org"], in: [.basic], like: "pypi", variables: ["TWINE_PASSWORD", "UV_PUBLISH_TOKEN"],
            user: "__token__",
            credentials: ["/_/oidc/**"]),
        Provider(
            "dockerhub", at: ["hub.docker.com", "auth.docker.io", "registry-1.docker.io"], in: [.basic, .bearer, .json("/password")],
            like: "docker-hub",
            variables: ["DOCKER_PASSWORD", "DOCKERHUB_TOKEN"],
            credentials: [
                "/token", "/v2/users/login", "/v2/users/2fa-login", "/v2/orgs/*/access-tokens/**", "/v2/auth/token", "/v2/access-tokens",
                "/v2/access-tokens/**",
            ]),
    ]

    private static let data = [
        Provider(
            "supabase", at: ["api.supabase.com"], like: "supabase", variables: ["SUPABASE_ACCESS_TOKEN"],
            credentials: [
                "/v1/projects/*/api-keys", "/v1/projects/*/api-keys/**", "/v1/projects/*/secrets", "/v1/oauth/**", "/v1/projects/*/config/**",
            ]),
        Provider(
            "airtable", at: ["api.airtable.com"], like: "airtable", variables: ["AIRTABLE_API_KEY", "AIRTABLE_TOKEN"], credentials: ["/oauth2/**"]),
        Provider(
            "notion", at: ["api.notion.com"], base: "/v1", like: "notion", variables: ["NOTION_TOKEN", "NOTION_API_KEY"],
            credentials: ["/v1/oauth/**"]),
    ]

    private static let work = [
        Provider(
            "slack", at: ["slack.com", "www.slack.com", "files.slack.com"], in: [.bearer, .form("token")], like: "slack-bot",
            variables: ["SLACK_BOT_TOKEN", "SLACK_TOKEN"],
            credentials: [
                "/api/oauth.*", "/api/openid.connect.token", "/api/tooling.tokens.rotate", "/api/apps.connections.open", "/api/rtm.*",
                "/api/apps.manifest.create",
            ]),
        Provider(
            "discord", at: ["discord.com"], in: [.header("authorization"), .bearer], like: "discord-bot",
            variables: ["DISCORD_TOKEN", "DISCORD_BOT_TOKEN"],
            credentials: [
                "/api/oauth2/**", "/api/*/oauth2/**", "/api/*/channels/*/webhooks", "/api/*/guilds/*/webhooks", "/api/*/webhooks/**",
                "/api/channels/*/webhooks", "/api/guilds/*/webhooks", "/api/webhooks/**",
            ]),
        Provider(
            "stripe", at: ["api.stripe.com", "files.stripe.com"], in: [.bearer, .basic], like: "stripe-sk_test",
            variables: ["STRIPE_API_KEY", "STRIPE_SECRET_KEY"],
            credentials: [
                "/v1/ephemeral_keys", "/v1/webhook_endpoints", "/v1/apps/secrets/**", "/v1/account_sessions", "/v1/customer_sessions",
                "/v1/terminal/connection_tokens", "/v1/issuing/**", "/v1/link_account_sessions", "/v2/core/event_destinations",
            ]),
    ]

    private static let mail = [
        Provider(
            "sendgrid", at: ["api.sendgrid.com"], like: "sendgrid", variables: ["SENDGRID_API_KEY"], credentials: ["/v3/api_keys", "/v3/api_keys/**"]),
        Provider(
            "twilio", at: ["api.twilio.com", "verify.twilio.com", "messaging.twilio.com"], in: [.basic], like: "hex-32",
            variables: ["TWILIO_AUTH_TOKEN", "TWILIO_API_SECRET"],
            credentials: [
                // The account's own record has its token in clear.
                "/2010-04-01/Accounts*", "/2010-04-01/Accounts/*", "/2010-04-01/Accounts/*/Keys*", "/2010-04-01/Accounts/*/SigningKeys*",
                "/2010-04-01/Accounts/*/Tokens*", "/v1/Keys",
            ]),
        Provider(
            "mailgun", at: ["api.mailgun.net", "api.eu.mailgun.net"], in: [.basic], like: "mailgun", variables: ["MAILGUN_API_KEY"],
            credentials: ["/v1/keys", "/v1/keys/**", "/v3/domains/*/credentials"]),
    ]

    private static let clouds = [
        // Requests are signed; hosts differ by service and region, and a rule names them.
        Provider(
            "aws", at: [], below: ["amazonaws.com", "amazonaws.com.cn", "api.aws"], in: [.awsSignature], like: "base64-40",
            variables: ["AWS_SECRET_ACCESS_KEY"]),
        Provider(
            "cloudflare", at: ["api.cloudflare.com"], base: "/client/v4", in: [.bearer, .header("x-auth-key")], like: "base64url-40",
            variables: ["CLOUDFLARE_API_TOKEN", "CF_API_TOKEN"],
            credentials: [
                "/client/v4/user/tokens", "/client/v4/user/tokens/**", "/client/v4/accounts/*/tokens", "/client/v4/accounts/*/tokens/**",
                "/client/v4/accounts/*/access/service_tokens", "/client/v4/accounts/*/access/service_tokens/**",
                "/client/v4/accounts/*/cfd_tunnel/*/token",
                "/client/v4/user/api_key", "/client/v4/accounts/*/r2/temp-access-credentials", "/client/v4/accounts/*/cfd_tunnel",
                "/client/v4/accounts/*/challenges/widgets/**", "/client/v4/accounts/*/stream/keys/**", "/client/v4/accounts/*/stream/*/token",
                "/client/v4/accounts/*/stream/live_inputs/**", "/client/v4/accounts/*/calls/apps/**", "/client/v4/accounts/*/calls/turn_keys/**",
                "/client/v4/accounts/*/warp_connector/**", "/client/v4/accounts/*/cfd_tunnel/*/management",
                "/client/v4/accounts/*/images/v1/keys/**",
            ]),
        Provider(
            "vercel", at: ["api.vercel.com"], like: "base62-24", variables: ["VERCEL_TOKEN"],
            credentials: ["/*/user/tokens", "/*/user/tokens/**", "/*/projects/*/env", "/*/projects/*/env/**", "/*/oauth/**", "/*/env", "/*/env/**"]),
        Provider(
            "netlify", at: ["api.netlify.com"], base: "/api/v1", like: "netlify", variables: ["NETLIFY_AUTH_TOKEN"],
            credentials: [
                "/oauth/**", "/api/v1/oauth/**", "/api/v1/accounts/*/env", "/api/v1/accounts/*/env/**", "/api/v1/sites/*/env", "/api/v1/deploy_keys",
            ]),
        Provider(
            "digitalocean", at: ["api.digitalocean.com"], base: "/v2", like: "digitalocean",
            variables: ["DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN"],
            credentials: [
                "/v2/databases", "/v2/databases/**", "/v2/kubernetes/clusters/*/kubeconfig", "/v2/kubernetes/clusters/*/credentials",
                "/v2/registry/docker-credentials", "/v2/registries/*/docker-credentials", "/v2/spaces/keys", "/v2/spaces/keys/**", "/v2/tokens/**",
            ]),
        Provider(
            "heroku", at: ["api.heroku.com"], like: "heroku", variables: ["HEROKU_API_KEY"],
            credentials: [
                "/apps/*/config-vars", "/oauth/**", "/apps/*/addons/**", "/addons/*/config", "/releases/*/config-vars",
                "/pipelines/*/stage/*/config-vars", "/account/**",
            ]),
    ]

    private static let operations = [
        Provider(
            "datadog", at: ["api.datadoghq.com", "api.datadoghq.eu", "api.us3.datadoghq.com", "api.us5.datadoghq.com", "api.ap1.datadoghq.com"],
            in: [.header("dd-api-key"), .header("dd-application-key")], like: "hex-32", variables: ["DD_API_KEY", "DATADOG_API_KEY", "DD_APP_KEY"],
            credentials: [
                "/api/*/api_keys", "/api/*/api_keys/**", "/api/*/application_keys", "/api/*/application_keys/**", "/api/*/api_key",
                "/api/*/application_key",
                "/api/v2/current_user/application_keys", "/api/v2/current_user/application_keys/**", "/api/v2/service_accounts/*/application_keys/**",
            ]),
        Provider(
            "newrelic", at: ["api.newrelic.com", "api.eu.newrelic.com"], in: [.header("api-key"), .header("x-api-key")], like: "new-relic",
            variables: ["NEW_RELIC_API_KEY"]),
    ]
}
