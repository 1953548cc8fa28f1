import ArgumentParser
import CProcess
import Dispatch
import Glibc
import MCPTools
import Synchronization

/// `tacit mcp`
struct MCPCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "mcp",
        abstract: "Serve the secret tools to an AI agent (MCP over standard input and output).",
        discussion: """
            An agent's host starts this. The tools list secrets and run commands with them, as far as your policy allows; none gives a value. \
            With --agent the agent is known by the badge that `tacit agent add NAME` wrote; without it, it is `unidentified`; in a whole agent's \
            sandbox the socket there is its badge. The vault is never unlocked from here.

            EXAMPLES
              claude mcp add tacit -- tacit mcp --agent claude
              codex mcp add tacit -- tacit mcp --agent codex -p shop -e staging
            """)

    @Option(name: .long, help: ArgumentHelp("The agent that is served.", valueName: "name"))
    var agent: String?

    @OptionGroup var scope: ScopeOptions

    func perform(in context: CommandContext) throws {
        guard unsafe tacit_harden("tacit-mcp") == 0 else { throw CommandFailure(errno: errno, "this process cannot be protected") }
        let place = try ScopeResolver(context: context).scope(scope)
        let keeper = LocalKeeper(context, agent: agent)
        warnOfBadge(keeper, context)
        // The keeper starts while the host says hello; what goes wrong each tool call tells.
        keeper.warmUp()
        let server = MCPServer(
            keeper: keeper, place: Place(project: place.project, environment: place.environment), version: context.version)
        try serve(server)
    }

    private func warnOfBadge(_ keeper: LocalKeeper, _ context: CommandContext) {
        do { _ = try keeper.badge() } catch let failure as CommandFailure { Console(context).complain(failure) } catch {}
    }

    private func serve(_ server: MCPServer) throws {
        let end = DispatchSemaphore(value: 0)
        let failure = Outbox<CommandFailure>()
        Task.detached {
            do throws(StdioError) { try await server.serve() } catch {
                failure.put(CommandFailure("standard input and output cannot be used", hint: "an agent's host starts `tacit mcp`", code: "mcp.stdio"))
            }
            end.signal()
        }
        end.wait()
        if let failure = failure.take() { throw failure }
    }
}

/// Takes something from one thread to another.
private final class Outbox<Content: Sendable>: Sendable {
    private let content = Mutex<Content?>(nil)

    func put(_ new: Content) { content.withLock { $0 = new } }
    func take() -> Content? { content.withLock { $0 } }
}
