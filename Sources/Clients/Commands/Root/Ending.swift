import ArgumentParser
import TacitWire

/// How a command line ended that did not simply succeed: what is printed, and the exit code.
enum Ending {
    /// Help or another text that was asked for.
    case text(String)
    /// The command ended with this code and has said what there is to say.
    case exit(Int32)
    case failure(CommandFailure, json: Bool)

    init(_ error: any Error, arguments: [String]) {
        let wantsJSON = arguments.prefix { $0 != "--" }.contains("--json")
        switch error {
        case let failure as CommandFailure: self = .failure(failure, json: wantsJSON)
        case let code as ExitCode: self = .exit(code.rawValue)
        default:
            if TacitCommand.exitCode(for: error) == .success {
                self = .text(TacitCommand.fullMessage(for: error))
            } else {
                self = .failure(UsageText.failure(for: error, arguments: arguments), json: wantsJSON)
            }
        }
    }

    func report(in context: CommandContext) -> Int32 {
        let console = Console(context)
        switch self {
        case .text(let text):
            console.say(text)
            do { try context.loss.check() } catch { return Ending(error, arguments: []).report(in: context) }
            return ExitStatus.done.rawValue
        case .exit(let code): return code
        case .failure(let failure, let json):
            console.complain(failure)
            if json { console.say(json: ["error": failure.asProblem]) }
            return failure.status.rawValue
        }
    }
}
