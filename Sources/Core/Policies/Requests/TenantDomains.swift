/// Domains whose owner gives names below them to customers of all kinds, and which the Public Suffix List does not have, or does not have whole.
///
/// A wildcard over one would send a token to whoever takes the next free name. A person names the one that is meant.
enum TenantDomains {
    /// Says whether names below this one may be different customers'.
    static func share(_ name: String) -> Bool {
        direct.contains { $0 == name || $0.isBelow(".\(name)") } || deep.contains { $0 == name || $0.isBelow(".\(name)") || name.isBelow(".\($0)") }
    }

    /// Each name just below is a customer's, and what lies below that is his.
    private static let direct = code + tunnels + collectors + content + accounts

    /// Code of anybody's: pages, functions and applications that read every header of a request.
    private static let code = [
        "anvil.app", "appwrite.network", "azurefd.net", "azureedge.net", "b-cdn.net", "back4app.io", "base44.app", "bolt.host", "bubbleapps.io",
        "cloudfront.net", "cloudfunctions.net", "code.run", "convex.cloud", "convex.site", "csb.app", "deno.dev", "deno.net", "edgecompute.app",
        "elasticbeanstalk.com", "firebaseapp.com", "firebaseio.com", "fly.dev", "framer.app", "framer.website", "github.io", "gitlab.io", "glitch.me",
        "gradio.live", "hasura.app", "herokuapp.com", "hf.space", "hosted.app", "koyeb.app", "kxcdn.com", "lovable.app", "modal.run", "netlify.app",
        "nhost.run", "notion.site", "onrender.com", "ondigitalocean.app", "pages.dev", "pythonanywhere.com", "railway.app", "repl.co", "replit.app",
        "replit.dev", "run.app", "stackblitz.io", "streamlit.app", "supabase.co", "surge.sh", "trafficmanager.net", "val.run", "vercel.app",
        "web.app", "webcontainer.io", "webflow.io", "workers.dev", "zeabur.app",
    ]

    /// Names that lead to a machine of whoever asks for one, often in somebody's home, and names that lead to any address written in them.
    private static let tunnels = [
        "bore.pub", "devtunnels.ms", "github.dev", "gitpod.io", "lhr.life", "loca.lt", "localhost.run", "localtest.me", "localtunnel.me", "lvh.me",
        "ngrok-free.app", "ngrok-free.dev", "ngrok.app", "ngrok.dev", "ngrok.io", "nip.io", "pinggy.link", "playit.gg", "serveo.net", "sslip.io",
        "traefik.me", "trycloudflare.com", "ts.net", "tunnelmole.net", "xip.io", "zrok.io",
    ]

    /// Services that show whoever made a name what was sent to it.
    private static let collectors = [
        "beeceptor.com", "burpcollaborator.net", "interact.sh", "mockable.io", "oast.fun", "oast.live", "oast.me", "oast.online", "oast.pro",
        "oast.site", "oastify.com", "pipedream.net", "requestcatcher.com", "webhook.site",
    ]

    /// Pages of anybody's, where what a request writes others read.
    private static let content = [
        "carrd.co", "ghost.io", "medium.com", "squarespace.com", "strikingly.com", "substack.com", "super.site", "tumblr.com", "weebly.com",
        "wixsite.com", "wordpress.com",
    ]

    /// Accounts of other companies at one provider. They do not see the headers, and they do see what a request writes in their account: so a token
    /// that is good for all of them, or stolen from one, must not choose.
    private static let accounts = [
        "atlassian.net", "auth0.com", "azure-api.net", "azurecr.io", "bamboohr.com", "force.com", "freshdesk.com", "freshservice.com", "grafana.net",
        "monday.com", "my.salesforce.com", "myshopify.com", "myworkday.com", "okta.com", "oktapreview.com", "onmicrosoft.com", "pagerduty.com",
        "sentry.io", "service-now.com", "sharepoint.com", "slack.com", "splunkcloud.com", "statuspage.io", "upstash.io", "zendesk.com",
    ]

    /// Customers' names begin at different depths, below regions and services of which new ones come: nothing below is one owner's for certain. These
    /// are the clouds' own domains, with buckets, functions and databases of everybody's.
    private static let deep = [
        "aivencloud.com", "aliyuncs.com", "amazonaws.com", "amazonaws.com.cn", "azure.com", "azure.net", "azurecontainerapps.io", "azurewebsites.net",
        "backblazeb2.com", "cloudflarestorage.com", "confluent.cloud", "databricks.com", "digitaloceanspaces.com", "dynamics.com",
        "firebasedatabase.app", "googleapis.com", "googleusercontent.com", "linodeobjects.com", "myqcloud.com", "neon.tech", "on.aws",
        "oraclecloud.com", "scw.cloud", "snowflakecomputing.com", "vultrobjects.com", "wasabisys.com", "windows.net", "your-objectstorage.com",
    ]
}
