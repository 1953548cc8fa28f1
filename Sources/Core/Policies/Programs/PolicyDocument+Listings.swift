extension PolicyDocument {
    /// A program that a command rule lists in vain.
    package struct VainListing: Sendable, Equatable {
        package let rule: String
        /// Its path, as the rule writes it.
        package let program: String
    }

    /// The programs that rules name and give nothing to: by their names they run any code, and `any_code` of the rule does not allow that. A pattern with a
    /// wildcard means other programs too, and a script is known only when it is opened.
    package var vainListings: [VainListing] {
        commandRules.filter { $0.anyCode == .deny }.flatMap { rule in
            rule.programs.filter { $0.program == nil && ProgramClass(naming: $0.description) != .native }
                .map { VainListing(rule: rule.name, program: $0.description) }
        }
    }
}

extension ProgramClass {
    /// Judges a program by the last part of its path, or by its name alone.
    package init(naming program: String, isScript: Bool = false) {
        let name = program.split(separator: "/").last.map(String.init) ?? program
        self.init(called: name, opened: name, isScript: isScript)
    }
}
