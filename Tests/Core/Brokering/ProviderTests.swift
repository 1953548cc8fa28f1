import Policies
import Testing

@testable import Brokering

@Suite("the catalogue of providers")
struct ProviderTests {
    private let all = ProviderCatalogue.all

    @Test("has at least thirty, each with a plain name, variables of its own and what its tokens look like")
    func complete() {
        let asked = [
            "openai", "anthropic", "github", "gitlab", "gemini", "mistral", "cohere", "huggingface", "notion", "slack", "stripe", "cloudflare",
            "brave",
            "linear", "jira", "sentry", "datadog", "twilio", "sendgrid", "npm", "pypi", "dockerhub", "vercel", "netlify", "supabase", "pinecone",
            "airtable",
            "figma", "discord", "aws",
        ]
        #expect(Set(asked).isSubset(of: Set(all.map(\.name))) && all.count >= 30)
        #expect(Set(all.map(\.name)).count == all.count)
        for provider in all {
            #expect(TokenShape.neutral(provider: provider.name) != nil, "\(provider.name) is no plain word")
            #expect(!provider.variables.isEmpty && provider.shape.role == .authenticates && provider.shape.isStrong)
            #expect(!provider.places.isEmpty)
            #expect(ProviderCatalogue.provider(named: provider.name)?.name == provider.name)
        }
        let variables = all.flatMap(\.variables)
        #expect(Set(variables).count == variables.count)
    }

    @Test("names hosts that a rule could name, exactly and each once; a path behind them is one that is judged")
    func hosts() throws {
        let hosts = all.flatMap(\.hosts)
        #expect(Set(hosts).count == hosts.count)
        for host in hosts {
            #expect(throws: Never.self) { try HostPattern(host) }
            #expect(!host.contains("*"))
            #expect(ProviderCatalogue.provider(at: host)?.hosts.contains(host) == true)
        }
        for provider in all { #expect(provider.basePath.isEmpty || CanonicalPath.has(provider.basePath) && !provider.basePath.hasSuffix("/")) }
        for other in ["api.openai.com.evil.com", "evil-api.openai.com", "openai.com", "API.OPENAI.COM", "api.openai.com.", ""] {
            #expect(ProviderCatalogue.provider(at: other) == nil)
        }
    }

    @Test("names only places that a rule could name")
    func places() throws {
        for place in all.flatMap(\.places) { #expect(try TokenPlace(place.description) == place) }
    }

    @Test(
        "knows where credentials are given out",
        arguments: [
            ("openai", "/v1/organization/admin_api_keys", true), ("openai", "/v1/realtime/client_secrets", true),
            ("openai", "/v1/chat/completions", false),
            ("github", "/app/installations/1/access_tokens", true), ("github", "/repos/a/b/actions/runners/registration-token", true),
            ("github", "/repos/a/b/issues", false), ("github", "/login/oauth/access_token", true), ("gitlab", "/api/v4/projects/1/variables", true),
            ("gitlab", "/api/v4/projects/a%2Fb/variables/KEY", true), ("gitlab", "/api/v4/projects/a%2Fb/issues", false),
            ("twilio", "/2010-04-01/Accounts.json", true), ("twilio", "/2010-04-01/Accounts/AC1.json", true),
            ("twilio", "/2010-04-01/Accounts/AC1/Messages.json", false), ("slack", "/api/oauth.v2.access", true),
            ("slack", "/api/chat.postMessage", false),
            ("dockerhub", "/token", true), ("npm", "/-/npm/v1/tokens", true), ("npm", "/@scope%2Fname", false),
            ("heroku", "/apps/a/config-vars", true),
            ("cloudflare", "/client/v4/user/tokens", true), ("cloudflare", "/client/v4/zones", false), ("vercel", "/v9/projects/a/env", true),
            ("openai", "/V1/Organization/Admin_API_Keys/", true), ("heroku", "/apps/a/config-vars.", true),
            ("heroku", "/apps/a/config-vars%20/", true), ("sentry", "/api/0/api-tokens/", true), ("gitlab", "/api/v4/runners", true),
            ("gitlab", "/api/v4/projects/1/variables.json", true), ("npm", "/-/npm/v1%2Ftokens", true),
            ("gitlab", "/api/v4/projects/a%2Fb/variables", true), ("github", "/repositories/1/actions/runners/remove-token", true),
            ("github", "/organizations/1/actions/runners/registration-token", true), ("github", "/repositories/1/issues", false),
            ("github", "/enterprises/e/actions/runners/generate-jitconfig", true), ("github", "/copilot_internal/v2/token", true),
            ("sentry", "/api/0/projects/a/b/keys/", true), ("sentry", "/api/0/projects/a/b/issues/", false),
            ("cloudflare", "/client/v4/accounts/1/stream/keys", true), ("cloudflare", "/client/v4/accounts/1/stream", false),
            ("cloudflare", "/client/v4/accounts/1/calls/apps/2", true), ("cloudflare", "/client/v4/accounts/1/warp_connector/2/token", true),
        ])
    func credentials(_ name: String, _ path: String, _ expected: Bool) throws {
        let provider = try #require(ProviderCatalogue.provider(named: name))
        #expect(provider.givesCredentials(at: path) == expected)
    }

    @Test("knows each path of each provider, however a lenient server writes it, and takes no address of an API for one")
    func everyCredentialPath() {
        for provider in all {
            for pattern in provider.credentialPaths.map(\.description) {
                let path = pattern.replacing("**", with: "a/b").replacing("*", with: "x")
                for written in [path, path.uppercased(), path + "/", path + ".json", path + "%20"] {
                    #expect(provider.givesCredentials(at: written), "\(provider.name) \(written)")
                }
            }
            for path in ["/", provider.basePath + "/x", provider.basePath + "/"] {
                #expect(!provider.givesCredentials(at: path), "\(provider.name) \(path)")
            }
        }
    }

    @Test("each service that somebody may run is one of them, and a provider's own host is no other's")
    func ownServices() throws {
        for service in OwnService.allCases {
            #expect(ProviderCatalogue.provider(at: "own.example", known: service)?.name == service.rawValue)
            #expect(ProviderCatalogue.provider(at: "api.openai.com", known: service)?.name == "openai")
        }
        #expect(ProviderCatalogue.provider(at: "own.example", known: nil) == nil)
        let github = try #require(ProviderCatalogue.provider(named: "github"))
        #expect(github.givesCredentials(at: "/API/v3/app/installations/1/access_tokens/") && !github.givesCredentials(at: "/api/v3/repos/a/b"))
    }
}
