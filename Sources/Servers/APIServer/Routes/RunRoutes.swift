import FoundationEssentials
import HTTPTypes
import Hummingbird
import Model
import NIOCore
import Secrets
import TacitWire

/// Runs. A request's body is one JSON `RunRequest` behind its length in four bytes, then the client's frames as they come;
/// the answer's body is the runner's frames as they come. What is refused before the start is an ordinary problem.
struct RunRoutes: Sendable {
    let vault: Vault
    let book: RunBook

    func add(to router: Router<APIContext>) { router.route(.post, WirePath.runs, use: run) }

    @Sendable private func run(_ request: Request, _ context: APIContext) async throws -> Response {
        let asker = try context.asker
        let open = try vault.opened(for: asker)
        let body = BodyReader(request.body)
        let (wish, rest) = try await RunOpening.read(from: body)
        try context.admitted.deadline.lift()
        guard wish.maskOutput else { throw EngineError.invalid("an unmasked run is executed by the client itself", hint: "use `--no-mask`") }
        var asked = try RunWish(wish)
        guard asked.isSandboxed || !asked.writesThrough && asked.reads.isEmpty else {
            throw EngineError.invalid("without a sandbox there is nothing that writes through or reads besides", hint: "ask for a sandbox, too")
        }
        guard asked.agent != nil || !asked.showsTokens else {
            throw EngineError.invalid("without an agent there are no fake tokens to show", hint: "name an agent, too")
        }
        asked.isAwaited = { [channel = context.channel] in channel.isActive }
        let prepared = try await open.prepareRun(asked, by: asker)
        let stop = StopSignal()
        let started = try await vault.start(prepared) { stop.send() }
        let hold = RunHold(started, in: vault, book, stop: stop)
        let typed = asker.isPerson ? { @Sendable [vault] in vault.personTyped() } : nil
        let relay = RunRelay(hold: hold, stop: stop, client: context.channel, typed: typed)
        var headers: HTTPFields = [.contentType: "application/vnd.tacit.run-frames", .cacheControl: "no-store", .connection: "close"]
        if let name = HTTPField.Name(WireHeader.notices), !started.launched.notices.isEmpty {
            headers[name] = WirePath.encoded(started.launched.notices.joined(separator: "\n"))
        }
        if let name = HTTPField.Name(WireHeader.auditEntry) { headers[name] = "\(started.access.entry)" }
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                await relay.carry(opening: rest, from: body, to: &writer)
                try await writer.finish(nil)
            })
    }
}

/// The JSON at the head of a run's request.
enum RunOpening {
    static let maximumByteCount = 4 << 20

    static func read(from body: BodyReader) async throws -> (RunRequest, rest: ByteBuffer) {
        var buffer = ByteBuffer()
        while let part = try await body.next() {
            buffer.writeImmutableBuffer(part)
            guard let length: UInt32 = buffer.getInteger(at: buffer.readerIndex) else { continue }
            guard length <= maximumByteCount else { throw Problem("request.too-large", "the run's request is too large", status: 413) }
            guard buffer.readableBytes >= Int(length) + 4 else { continue }
            buffer.moveReaderIndex(forwardBy: 4)
            let json = Data(buffer.readBytes(length: Int(length)) ?? [])
            return (try WireJSON.decodeStrictly(RunRequest.self, from: json), buffer)
        }
        throw WireError.notJSON
    }
}

extension RunWish.Secret.Way {
    fileprivate init(_ wire: RunSecret) throws {
        guard wire.stdin == true else {
            if let field = wire.before != nil ? "before" : wire.after != nil ? "after" : nil {
                throw EngineError.invalid(
                    "`\(field)` is text around a secret on standard input, and this one does not go there",
                    hint: "send the secret to standard input, or leave `\(field)` out")
            }
            self = wire.file == true ? .file : .variable
            return
        }
        guard wire.file != true else { throw EngineError.invalid("a secret goes to standard input or into a file", hint: "leave one of them out") }
        let (before, after) = (wire.before ?? "", wire.after ?? "")
        guard let text = InputText(before: before, after: after) else {
            throw EngineError.invalid(
                "`\(InputText.isFit(before) ? "after" : "before")` has 1 KiB at most, and no zero byte",
                hint: "shorten it, or let the program read a file")
        }
        self = .standardInput(text)
    }
}

extension RunWish {
    init(_ wire: RunRequest) throws {
        let scope = try wire.scope.map { try Scope(parsing: $0) } ?? Scope(parsing: "default/dev")
        self.init(arguments: wire.argv, scope: scope)
        workingDirectory = wire.cwd
        environment = wire.environment
        secrets = try wire.secrets.map { Secret(reference: try SecretReference(parsing: $0.reference), variable: $0.variable, try Secret.Way($0)) }
        takesAll = wire.all
        prefix = wire.environmentPrefix ?? ""
        preservesEnvironment = wire.preserveEnvironment
        guard wire.timeoutSeconds ?? 1 > 0 else { throw EngineError.invalid("a run's time limit is at least one second", hint: nil) }
        timeout = wire.timeoutSeconds.map { .seconds($0) }
        terminal = wire.terminal.map {
            RunJob.Terminal(
                rows: $0.rows, columns: $0.columns, input: $0.input, output: $0.output, error: $0.error, type: $0.term,
                modes: $0.modes.map { .init(input: $0.input, output: $0.output, local: $0.local, characters: $0.characters) })
        }
        guard (0...0o777).contains(wire.fileMask ?? 0) else { throw EngineError.invalid("a file mask has nine bits", hint: nil) }
        fileMask = wire.fileMask
        purpose = wire.purpose
        input = wire.input.map { Array($0.utf8) }
        guard input?.count ?? 0 <= RunRequest.longestInput else {
            throw EngineError.invalid("standard input that is told beforehand has 64 KiB at most", hint: "send it as frames")
        }
        sendsInput = wire.sendsInput ?? false
        isSandboxed = wire.sandbox ?? false
        writesThrough = wire.writeThrough ?? false
        reads = wire.reads ?? []
        agent = try wire.agent.map { try SegmentName($0, of: .agent) }
        showsTokens = wire.showTokens ?? false
        guard reads.count <= 100, reads.allSatisfy({ $0.hasPrefix("/") && !$0.utf8.contains(0) }) else {
            throw EngineError.invalid("what is read besides is named by at most 100 absolute paths", hint: nil)
        }
    }
}
