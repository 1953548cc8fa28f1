package import Model

/// What command rules say to one agent of the programs that may have secrets, as far as it may know.
package struct ProgramListing: Sendable, Equatable {
    /// One rule's programs: those that it lists, or those that it denies.
    package struct Entry: Sendable, Equatable {
        package let rule: String
        package let isDenial: Bool
        /// Paths and patterns over them, of denied programs also names; empty where any file of the pinned contents is listed.
        package let programs: [String]
        /// Patterns over the secrets that it is about, those alone that one of the agent's matches; empty where it is about every secret.
        package let keys: [String]
        /// Whether the content of the file decides, too.
        package let isPinned: Bool
        /// Whether it may be a program that runs any code it is given.
        package let allowsAnyCode: Bool
        package let strength: TagRule.Strength
        package let strengthReason: String
    }

    package var entries: [Entry]
    /// Whether a program that no rule lists gets a secret.
    package var allowsUnlisted: Bool

    package init(entries: [Entry], allowsUnlisted: Bool) {
        self.entries = entries
        self.allowsUnlisted = allowsUnlisted
    }
}

extension ScopeView {
    /// The rules about the programs that could have at least one of these secrets, in the order of the file.
    ///
    /// Of a rule's patterns over secrets only those are told that match one which the agent may list: all that such a pattern spells out stands in a name
    /// that the agent knows, so it names no other.
    package func programs(having names: [SecretName]) -> ProgramListing {
        let names = names.filter(mayList).map(\.description)
        guard !names.isEmpty, let governing else { return ProgramListing(entries: [], allowsUnlisted: false) }
        return ProgramListing(entries: commands.entries(about: names), allowsUnlisted: !commands.isBinding || governing.unlistedPrograms == .allow)
    }
}

extension CommandView {
    fileprivate func entries(about names: [String]) -> [ProgramListing.Entry] {
        rules.flatMap { rule -> [ProgramListing.Entry] in
            let isListing = rule.allows(in: place) && names.contains(where: rule.keys.matches)
            let isDenying = rule.denies(in: place) && (rule.keys.isEmpty || names.contains(where: rule.keys.matches))
            let keys = rule.keys.filter { names.contains(where: $0.matches) }.map(\.description)
            return (isListing ? [rule.listing(keys)] : []) + (isDenying ? [rule.denial(keys)] : [])
        }
    }
}

extension CommandRule {
    fileprivate func listing(_ keys: [String]) -> ProgramListing.Entry {
        let (strength, reason) = allowStrength
        return .init(
            rule: name, isDenial: false, programs: programs.map(\.description), keys: keys, isPinned: !fingerprints.isEmpty,
            allowsAnyCode: anyCode == .allow, strength: strength, strengthReason: reason)
    }

    fileprivate func denial(_ keys: [String]) -> ProgramListing.Entry {
        .init(
            rule: name, isDenial: true, programs: deniedPrograms.map(\.glob.description), keys: keys, isPinned: false,
            allowsAnyCode: false, strength: .ceremony, strengthReason: Self.denialReason)
    }
}
