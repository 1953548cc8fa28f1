/// A store that is filled beside the vault's place, where nobody sees it, and put there whole or not at all.
package protocol StagedStore: Sendable {
    var store: any VaultStore { get }
    /// Closes the store and puts it into the vault's place, durably; throws where something is there already.
    func publish() async throws
    /// Closes the store and removes it.
    func discard() async
}
