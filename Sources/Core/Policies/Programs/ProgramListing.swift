package import Model

/// What command rules say to one agent of the programs that may have secrets, as far as it may know.
package struct ProgramListing: Sendable, Equatable {
    /// One rule's programs: those that it lists, or those that it denies.
    package struct Entry: Sendable, Equatable {
        package let rule: String
        package let isDenial: Bool
        /// Paths and patterns over them, of denied programs also names; empty where any file of the pinned contents is listed.
        package let programs: [String]
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
    /// The rules about the programs that could have at least one of these secrets, in the order of the file. Which of them is not said: a pattern over
    /// secrets may name one that the agent may not know of.
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
            return (isListing ? [rule.listing] : []) + (isDenying ? [rule.denial] : [])
        }
    }
}

extension CommandRule {
    fileprivate var listing: ProgramListing.Entry {
        let (strength, reason) = allowStrength
        return .init(
            rule: name, isDenial: false, programs: programs.map(\.description), isPinned: !fingerprints.isEmpty, allowsAnyCode: anyCode == .allow,
            strength: strength, strengthReason: reason)
    }

    fileprivate var denial: ProgramListing.Entry {
        .init(
            rule: name, isDenial: true, programs: deniedPrograms.map(\.glob.description), isPinned: false, allowsAnyCode: false,
            strength: .ceremony, strengthReason: Self.denialReason)
    }
}
