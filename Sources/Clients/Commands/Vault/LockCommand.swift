import ArgumentParser
import TacitClient
import TacitWire

/// `tacit lock`
struct LockCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "lock",
        abstract: "Lock the vault at once.",
        discussion: """
            Wipes every key and stops runs that hold values. Anybody who reaches the keeper may lock it.

            EXAMPLES
              tacit lock
              tacit lock --json
            """)

    @OptionGroup var options: GlobalOptions

    func perform(in context: CommandContext) throws {
        let console = Console(context)
        guard KeeperSocket.answers(context.paths.socket) else {
            try OtherKeeper.check(context.paths)
            if options.json { return console.say(json: Self.nobody(context)) }
            return console.say(context.hasVault ? "The vault is locked: no keeper is running." : Self.noVault)
        }
        let door = try VaultDoor(context, options, to: "lock the vault")
        let status: VaultStatus = try VaultDoor.decode(try door.plain("POST", WirePath.lock).body)
        if options.json { return console.say(json: status) }
        console.say(status.state == .absent ? Self.noVault : "The vault is locked.")
    }

    private static let noVault = "There is no vault yet, so nothing is unlocked: `tacit init` makes one."

    /// The status of a vault whose keeper does not run.
    private static func nobody(_ context: CommandContext) -> VaultStatus {
        VaultStatus(state: context.hasVault ? .locked : .absent, keeperVersion: context.version, keeperProcess: 0, actor: Asker(kind: .unidentified))
    }
}
