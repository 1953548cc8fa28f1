import ArgumentParser
import TacitClient
import TacitWire

/// `tacit audit prove`
struct AuditProveCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "prove",
        abstract: "Prove to others, who have no key, that an entry is in the log or that the log only grew.",
        discussion: """
            The proof of an entry is a C2SP tlog-proof, with the sealed entry in it. That the log only grew is proved by the lines that a C2SP \
            tlog-witness takes. Either ends with a signed checkpoint: a new one over everything, or the one you name. The key that verifies it is \
            printed beside it, apart from the proof. What is sealed stays so: a proof shows no names.

            EXAMPLES
              tacit audit prove 1203 > entry-1203.tlog-proof
              tacit audit prove 1203 --size 4096
              tacit audit prove 1203 --checkpoint checkpoint-today
              tacit audit prove --from 4096
              tacit audit prove --checkpoint checkpoint-of-may --file since-may
            """)

    @Argument(help: ArgumentHelp("The entry.", valueName: "index"))
    var index: Int64?

    @Option(name: .customLong("from"), help: ArgumentHelp("Prove that the log only grew since it had so many entries.", valueName: "size"))
    var from: Int64?

    @Option(
        name: .customLong("size"),
        help: ArgumentHelp("Lead to the checkpoint that was signed at so many entries; without it, to a new one.", valueName: "size"))
    var size: Int64?

    @Option(
        name: .customLong("checkpoint"),
        help: ArgumentHelp("A checkpoint that was kept: with an index the proof leads to it, without one it begins there.", valueName: "file"),
        completion: .file())
    var checkpoint: String?

    @Option(name: .customLong("file"), help: ArgumentHelp("Write to this new file, 0600, instead of standard output.", valueName: "path"))
    var file: String?

    @OptionGroup var options: GlobalOptions

    func check() throws {
        guard [index, from, size].allSatisfy({ $0 ?? 0 >= 0 }) else { throw CommandFailure.usage("entries are counted from 0") }
        guard index != nil || from != nil || checkpoint != nil else {
            throw CommandFailure.usage("what is to be proved?", hint: "say an entry's index, or `--from SIZE` for how the log grew")
        }
        guard index == nil || from == nil else { throw CommandFailure.usage("a proof is of an entry, or of how the log grew", hint: "leave one out") }
        guard checkpoint == nil || (from == nil && (index == nil || size == nil)) else {
            throw CommandFailure.usage("a checkpoint has a size of its own", hint: "leave the number out, or the checkpoint")
        }
    }

    func perform(in context: CommandContext) throws {
        let note = try checkpoint.map { try KeptNote.read($0) }
        let door = try VaultDoor(context, options, to: "prove something of the audit log")
        let wish = ProofRequest(index: index, from: from, size: size, checkpoint: note)
        let made: AuditProof = try KeptNote.naming(checkpoint) { try door.send("POST", WirePath.auditProofs, json: wish) }
        let console = Console(context)
        if options.json { return console.say(json: made) }
        let sheet = try OutputFile(file, or: context.output)
        try sheet.write(Array(made.proof.utf8))
        try sheet.finish()
        console.note("\(made.claim); the key that verifies it: \(made.verifierKey.printable)")
    }
}

extension AuditProof {
    /// What it shows, in words.
    fileprivate var claim: String {
        index.map { "entry \($0) is in the log of \(size) entries" } ?? "the log of \(size) entries begins with the \(from ?? 0) of then"
    }
}
