extension RequestPreset {
    /// What a service lets somebody read, at one host of its own.
    private static func reading(_ name: String, _ service: String, at hosts: [String], _ paths: [String]) -> RequestPreset {
        RequestPreset("read-only-\(name)", "read \(service)'s API", [Rule(name: "\(service)'s API, read", hosts: hosts, paths: paths)])
    }

    static let services = [
        reading("stripe", "Stripe", at: ["api.stripe.com"], ["/v1/**"]),
        reading("sentry", "Sentry", at: ["sentry.io"], ["/api/0/**"]),
        RequestPreset(
            "slack-messages", "post messages to Slack",
            [Rule(name: "Slack's messages", hosts: ["slack.com"], methods: ["POST"], paths: ["/api/chat.postMessage"])]),
        RequestPreset(
            "read-only-slack", "read Slack's channels, messages and users",
            [
                // All of Slack's paths count as writes: what these do is in their names.
                Rule(
                    name: "Slack, read", hosts: ["slack.com"], methods: ["GET", "POST"],
                    paths: [
                        "/api/auth.test", "/api/conversations.list", "/api/conversations.info", "/api/conversations.history",
                        "/api/conversations.replies",
                        "/api/conversations.members", "/api/users.list", "/api/users.info", "/api/search.messages",
                    ])
            ]),
        RequestPreset(
            "brave-search", "search by Brave",
            [Rule(name: "Brave's search", hosts: ["api.search.brave.com"], paths: ["/res/v1/*/search", "/res/v1/*/*/search"])]),
        RequestPreset(
            "read-only-notion", "read Notion's pages",
            [
                Rule(
                    name: "Notion's pages, read", hosts: ["api.notion.com"],
                    paths: [
                        "/v1/pages/**", "/v1/blocks/**", "/v1/databases/**", "/v1/data_sources/**", "/v1/users", "/v1/users/*", "/v1/comments",
                    ]),
                Rule(
                    name: "Notion's search", hosts: ["api.notion.com"], methods: ["POST"],
                    paths: ["/v1/search", "/v1/databases/*/query", "/v1/data_sources/*/query"]),
            ]),
        RequestPreset(
            "read-only-linear", "read Linear's issues",
            [
                Rule(name: "Linear, read", hosts: ["api.linear.app"], methods: ["POST"], paths: ["/graphql"], operations: ["query *"])
            ]),
        // An API token goes to the customer's own host, which a rule names.
        reading("jira", "Jira", at: ["api.atlassian.com"], ["/ex/jira/*/rest/**"]),
        reading("airtable", "Airtable", at: ["api.airtable.com"], ["/v0/**"]),
        reading("figma", "Figma", at: ["api.figma.com"], ["/v1/**"]),
        reading("discord", "Discord", at: ["discord.com"], ["/api/v10/**"]),
        RequestPreset(
            "read-only-twilio", "read Twilio's messages and calls",
            [
                Rule(
                    name: "Twilio's messages and calls, read", hosts: ["api.twilio.com"],
                    paths: [
                        "/2010-04-01/Accounts/*/Messages.json", "/2010-04-01/Accounts/*/Messages/*", "/2010-04-01/Accounts/*/Calls.json",
                        "/2010-04-01/Accounts/*/Calls/*",
                    ])
            ]),
        RequestPreset(
            "sendgrid-mail", "send mail by SendGrid",
            [Rule(name: "SendGrid's mail", hosts: ["api.sendgrid.com"], methods: ["POST"], paths: ["/v3/mail/send"])]),
    ]

    static let packages = [
        RequestPreset(
            "npm-private", "install private packages of npm",
            [Rule(name: "npm's private packages", hosts: ["registry.npmjs.org"], paths: ["/**"], hasEncodedSlashes: true)]),
        RequestPreset(
            "pypi-upload", "upload packages to PyPI",
            [Rule(name: "PyPI, upload", hosts: ["upload.pypi.org"], methods: ["POST"], paths: ["/legacy/"])]),
        RequestPreset(
            "read-only-docker-hub", "read Docker Hub's lists of images",
            [Rule(name: "Docker Hub's lists, read", hosts: ["hub.docker.com"], paths: ["/v2/repositories/**", "/v2/namespaces/**"])]),
    ]

    static let clouds = [
        reading("cloudflare", "Cloudflare", at: ["api.cloudflare.com"], ["/client/v4/**"]),
        reading("vercel", "Vercel", at: ["api.vercel.com"], ["/**"]),
        reading("netlify", "Netlify", at: ["api.netlify.com"], ["/api/v1/**"]),
        reading("supabase", "Supabase", at: ["api.supabase.com"], ["/v1/**"]),
        reading("pinecone", "Pinecone", at: ["api.pinecone.io"], ["/indexes/**", "/indexes", "/collections/**", "/collections"]),
        reading(
            "datadog", "Datadog",
            at: ["api.datadoghq.com", "api.datadoghq.eu", "api.us3.datadoghq.com", "api.us5.datadoghq.com", "api.ap1.datadoghq.com"], ["/api/**"]),
    ]
}
