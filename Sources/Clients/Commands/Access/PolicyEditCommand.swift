import ArgumentParser
import Glibc
import TacitWire

/// `tacit policy edit`
struct PolicyEditCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "edit", abstract: "Edit the policy in your editor and put it in force.",
        discussion: """
            The editor is VISUAL, else EDITOR, else vi. A policy with a mistake, or with a test of its own that fails, is not put in force; you are \
            asked whether to go on editing.

            EXAMPLES
              tacit policy edit
              EDITOR=nano tacit policy edit
            """)

    @OptionGroup var options: GlobalOptions

    func perform(in context: CommandContext) throws {
        guard let terminal = Terminal(context) else {
            throw CommandFailure.usage("an editor needs a terminal", hint: "use `tacit policy apply FILE`")
        }
        let door = try VaultDoor(context, options, to: "change the policy")
        let state: PolicyState = try door.get(WirePath.policy)
        let place = try ScopeResolver(context: context).scope(project: nil, environment: nil)
        let before = state.version == 0 ? StarterPolicy.empty(in: place) : try PolicyText.yaml(of: state)
        let draft = try EditedFile(content: Array(before.utf8), named: "policy.yaml", in: context.paths.drafts)
        defer { draft.remove() }
        let console = Console(context)
        while true {
            try draft.edit(context)
            let yaml = try draft.content(limit: PolicyText.maximumByteCount)
            if yaml.elementsEqual(before.utf8) { return console.note("nothing was changed: the policy stays as it is") }
            do {
                let policy = try PolicyText(yaml: yaml, naming: "policy.yaml")
                try policy.checkTests()
                try door.askFirst()
                let applied = try policy.apply(through: door, replacing: state.version)
                policy.noteListings(on: console)
                if options.json { return console.say(json: applied) }
                return console.say("Policy version \(applied.version) is in force.")
            } catch let failure as CommandFailure where failure.status == .usage {
                console.complain(failure)
                let answer = try terminal.ask("Edit again? [Y/n] ", .visible)
                guard answer.isEmpty || answer.bytes.first.map({ $0 | 0x20 }) == UInt8(ascii: "y") else {
                    throw CommandFailure("the policy was not changed", status: .failed, code: "policy.unchanged")
                }
            }
        }
    }
}
