/// A service that people run themselves, or that has a host for each customer. Said of a rule's hosts, what is known of the service is known of them: where its
/// token stands, what tokens look like, and at which paths it gives out credentials.
package enum OwnService: String, CaseIterable, Sendable {
    case github, gitlab, jira, npm, pinecone, pypi, sentry, supabase
}
