import ArgumentParser
import Glibc

/// What becomes of a new recovery key.
struct RecoveryOptions: ParsableArguments {
    @Option(
        name: .customLong("recovery-out"),
        help: ArgumentHelp("Write the new recovery key to this descriptor instead of showing it on the terminal.", valueName: "fd"))
    var descriptor: Int32?
}

/// Gives a new recovery key to the person: shown once and confirmed, or written to a descriptor.
struct RecoveryKeyHandover {
    let terminal: Terminal?
    let descriptor: Int32?
    /// Draws the group that is asked for, from 0.
    var draw: (Int) -> Int = { Int.random(in: 0..<$0) }

    init(_ context: CommandContext, _ options: RecoveryOptions) {
        descriptor = options.descriptor
        terminal = options.descriptor == nil ? Terminal(context) : nil
    }

    /// Checks, before anything is made, that the key can be given to someone.
    func prepare(orSay alternative: String) throws {
        if let descriptor {
            let mode = fcntl(descriptor, F_GETFL)
            guard mode >= 0, [O_WRONLY, O_RDWR].contains(mode & O_ACCMODE) else {
                throw CommandFailure.usage("descriptor \(descriptor) cannot be written to", hint: "open it, as `4>recovery-key` does")
            }
        } else if terminal == nil {
            throw CommandFailure.usage("there is no terminal to show the recovery key on", hint: alternative)
        }
    }

    /// Hands the key over. `done` is what the command has done so far: whoever leaves at the confirmation hears nothing after it.
    func give(_ key: WipedBytes, after done: String) throws {
        if let descriptor {
            var line = key.bytes + [UInt8(ascii: "\n")]
            defer { line.wipe() }
            guard Console.write(line, to: descriptor) else {
                throw CommandFailure(
                    "the recovery key could not be written to descriptor \(descriptor): nobody has it",
                    hint: "all else is done; `tacit slot replace-recovery` makes another one", code: "recovery.lost")
            }
        } else if let terminal {
            terminal.say(done)
            try show(key, on: terminal)
        }
    }

    private func show(_ key: WipedBytes, on terminal: Terminal) throws {
        let groups = key.bytes.split(separator: UInt8(ascii: "-")).map { Array($0) }
        var rows = terminal.say(
            """

            Recovery key: it opens the vault when the password is lost. Write it down and keep it apart from this machine;
            it is shown only now, and whoever has it can open the vault.
            It is in force from now on, whether you confirm it or not.

            """)
        let lines = layout(groups)
        for var line in lines {
            rows += terminal.show(line)
            line.wipe()
        }
        rows += terminal.say("")
        let asked = draw(groups.count)
        while true {
            let typed: WipedBytes
            let question = "To confirm, type group \(asked + 1): "
            do { typed = try terminal.ask(question, .visible) } catch let failure as CommandFailure
                where failure.code == "input.empty"
            {
                terminal.say(
                    "\nThe recovery key was not confirmed. It is in force: write it down from above, or `tacit slot replace-recovery` makes another.")
                return
            }
            rows += terminal.rows(ofWidth: question.width + typed.bytes.count)
            if Self.normal(typed.bytes) == Self.normal(groups[asked]) { break }
            rows += terminal.say("That is not group \(asked + 1). Count the groups from the left, line by line.")
        }
        terminal.erase(rows: rows)
        terminal.say("Recovery key confirmed\(terminal.canErase ? " and taken off the screen" : "").")
    }

    /// Five groups to a line, with the number of the first before it.
    private func layout(_ groups: [[UInt8]]) -> [[UInt8]] {
        stride(from: 0, to: groups.count, by: 5).map { start in
            let number = "\(start + 1)"
            var line = Array("  \(String(repeating: " ", count: 2 - number.count))\(number)  ".utf8)
            line.reserveCapacity(64)
            for group in groups[start..<min(start + 5, groups.count)] {
                line += group
                line.append(UInt8(ascii: " "))
            }
            line.append(UInt8(ascii: "\n"))
            return line
        }
    }

    /// As forgiving as the keeper: lower case does no harm, and letters that no key has stand for the digits they look like.
    private static func normal(_ group: [UInt8]) -> [UInt8] {
        group.filter { ![0x20, 0x2D, 0x09].contains($0) }.map { byte in
            let upper = (97...122).contains(byte) ? byte - 32 : byte
            switch upper {
            case UInt8(ascii: "I"), UInt8(ascii: "L"): return UInt8(ascii: "1")
            case UInt8(ascii: "O"): return UInt8(ascii: "0")
            default: return upper
            }
        }
    }
}
