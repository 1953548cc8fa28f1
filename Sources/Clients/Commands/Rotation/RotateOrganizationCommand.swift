import ArgumentParser
import TacitClient
import TacitWire

/// `tacit rotate organization`
struct RotateOrganizationCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "organization", abstract: "Draw a new organization key, and with it new keys for the log, look-ups and fake tokens.",
        discussion: """
            Names of projects, agents, policies and requests are sealed anew, every row gets a new code and look-up, and the log begins a new epoch: the old signing key \
            signs the new one, and old entries stay readable and verifiable. Whoever has the old key makes no row, entry or token that is believed any more.

            All fake tokens end; agents keep their badges. Scheduled backups have to be granted again. Others who write wait as long as it takes, and whatever \
            stops it, the vault is as it was. Whoever verifies checkpoints elsewhere needs the new key, which is shown at the end.

            EXAMPLES
              tacit rotate organization
              tacit rotate organization --password-fd 3 --json 3<password
            """)

    @OptionGroup var options: GlobalOptions

    func perform(in context: CommandContext) throws {
        let door = try VaultDoor(context, options, to: "rotate the organization key")
        try door.askFirst()
        let console = Console(context)
        // It is one act: a signal waits for its end.
        let done = try EndingSignals.waiting { try rotated(door, context, console) }
        if options.json { return console.say(json: done) }
        let rows = "\(Counted(done.rows, "row")) \(done.rows == 1 ? "is" : "are") under it, \(Counted(done.endedTokens, "fake token")) ended"
        console.say("The organization key is new (generation \(done.generation)): \(rows).")
        console.say("  Agents keep their badges. Grant scheduled backups again, where there are some: tacit backup schedule")
        console.say("  The key that verifies checkpoints from here on: \(done.verifierKey.printable)")
    }

    /// How often it is asked how far the keeper is.
    private static let patience: Int32 = 250

    private func rotated(_ door: VaultDoor, _ context: CommandContext, _ console: Console) throws -> OrganizationRotated {
        var meter: ProgressMeter?
        defer { meter?.end() }
        do throws(ClientError) {
            let answer = try door.connection.send("POST", WirePath.organizationRotation, every: Self.patience) {
                guard !options.json, let progress = Self.progress(context) else { return }
                // What was done before it was asked for the first time says nothing of a rate.
                if meter == nil { meter = ProgressMeter(console, unit: "rows", from: Int64(progress.rows), of: Int64(progress.total)) }
                meter?.show(Int64(progress.rows))
            }
            return try Self.decoded(answer.body)
        } catch { throw try door.explained(CommandFailure(error)) }
    }

    private static func decoded(_ body: [UInt8]) throws(ClientError) -> OrganizationRotated {
        do { return try VaultDoor.decode(body) } catch { throw .brokenOff }
    }

    /// How far it is, asked on a connection of its own: that of the act waits for its end.
    private static func progress(_ context: CommandContext) -> OrganizationProgress? {
        guard let beside = try? KeeperConnection(socketPath: context.paths.socket), let answer = try? beside.send("GET", WirePath.status) else {
            return nil
        }
        return (try? VaultDoor.decode(answer.body, as: VaultStatus.self))?.rotating
    }
}
