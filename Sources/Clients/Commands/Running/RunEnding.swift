import ArgumentParser
import FoundationEssentials
import Glibc
import TacitWire

/// How a run ended, gathered from what came by, and the exit code that says so.
struct RunEnding: Equatable {
    var exit: RunExit?
    var hasTimedOut = false
    var report: [UInt8] = []
    /// Why the output could not be written any more; 0 while it could.
    var outputError: Int32 = 0

    /// The code of Tacit's own failures.
    static let ownFailure: Int32 = 125
    static let timeOut: Int32 = 124

    /// The exit code: the command's own, unless something else is to be told.
    var status: Int32 {
        if hasTimedOut { return Self.timeOut }
        if let exit { return exit.status }
        return outputError == EPIPE ? 128 + SIGPIPE : Self.ownFailure
    }

    /// What went wrong, where something did that the command does not tell itself.
    var failure: CommandFailure? {
        if case .failed(let failure)? = exit { return CommandFailure(failure.message, hint: failure.hint, code: failure.code) }
        if hasTimedOut { return CommandFailure("the time limit was reached, and the command was ended", code: "run.timed-out") }
        if outputError != 0, outputError != EPIPE { return CommandFailure(errno: outputError, "the output cannot be written") }
        guard exit == nil, outputError == 0 else { return nil }
        return CommandFailure(
            "the keeper ended, and the run with it", hint: "`tacit lock` ends runs, too; `tacit status` shows whether the keeper is well",
            code: "run.lost")
    }

    /// Tells what there is to tell, and gives the exit code.
    func conclude(_ console: Console, json: Bool = false) -> Int32 {
        if let failure { console.complain(failure) }
        if json, let report = decoded { console.tell(json: ["run": report]) }
        guard !json, isTelling, let report = decoded else { return status }
        for part in report.output?.withheld ?? [] { console.warn(part.sentence.printable) }
        for sentence in report.unscanned { console.note("not searched for values: \(sentence.printable)") }
        if let files = report.files { Self.tell(files, console) }
        if report.brokerEnded == true {
            console.warn(
                "the broker of this run ended before the command did, and since then no request of the command's went anywhere; "
                    + "`tacit status` shows whether the vault is locked: unlock it, and start the command again")
        }
        return status
    }

    private static func tell(_ files: RunChanges, _ console: Console) {
        for file in files.withheld { console.warn("\(file.path.printable): \(file.reason.printable)") }
        for file in files.kept { console.warn("\(file.path.printable) was changed meanwhile; the command's is \(file.copy.printable)") }
        let others = max(0, files.withheldCount - files.withheld.count) + files.keptCount - files.kept.count
        if others > 0 { console.warn("\(others) more \(others == 1 ? "file" : "files") did not leave the sandbox as they were") }
    }

    /// Most reports say nothing that a person needs to hear, which is seen without taking them apart.
    private var isTelling: Bool {
        !report.isEmpty
            && (report.firstRange(of: Array(#""unscanned":[]"#.utf8)) == nil || report.firstRange(of: Array(#""files":"#.utf8)) != nil
                || report.firstRange(of: Array(#""output":"#.utf8)) != nil || report.firstRange(of: Array(#""broker_ended":"#.utf8)) != nil)
    }

    private var decoded: RunReport? { try? WireJSON.decode(RunReport.self, from: Data(report)) }

    /// Tells why nothing was run. A failure of `run` itself has codes of its own, so that none of the command's is taken for it.
    static func report(_ failure: CommandFailure, json: Bool, in context: CommandContext) -> ExitCode {
        let console = Console(context)
        console.complain(failure)
        if json { console.say(json: ["error": failure.asProblem]) }
        return ExitCode(status(ofProblem: failure.code))
    }

    static func status(ofProblem code: String) -> Int32 {
        switch code {
        case "run.program-not-found": 127
        case "run.program-not-executable": 126
        default: ownFailure
        }
    }
}
