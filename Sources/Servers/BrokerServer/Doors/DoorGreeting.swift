import Brokering
import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOSSL
import NIOTLS
import Policies

/// The beginning of a connection to a door: one CONNECT with the session's credential, then the handshake as the host that was asked for. Or requests that each
/// say where they go: to the door's own address, or in absolute form.
///
/// Nothing that a page in a browser could send opens a tunnel: the credential is in no page, and a request that says it is from one is refused besides.
final class DoorGreeting: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// How long a connection may take to say whom it wants.
    private static let patience = TimeAmount.seconds(10)
    static let decoder = "door.decoder"
    static let encoder = "door.encoder"
    static let limit = "door.limit"

    private let credential: DoorCredential
    private let authority: SessionAuthority
    private let tokens: HeldTokens
    private let tunnels: [HostPattern]
    private var guest: EventLoopPromise<DoorGuest>
    /// Whether its requests are for the door itself, and pass here.
    private var isServed = false
    /// Whether the connection ends: nothing that comes is looked at.
    private var hasRefused = false
    private var origin: Brokering.Origin?
    private var deadline: Scheduled<Void>?

    private init(
        _ credential: String, _ tokens: HeldTokens, _ authority: SessionAuthority, _ tunnels: [HostPattern], _ guest: EventLoopPromise<DoorGuest>
    ) {
        (self.credential, self.tokens, self.authority) = (DoorCredential(credential), tokens, authority)
        (self.tunnels, self.guest) = (tunnels, guest)
    }

    /// Sets a fresh connection up; the guest, once its tunnel is open.
    static func greet(
        _ channel: any Channel, knowing credential: String, _ tokens: HeldTokens, _ authority: SessionAuthority, _ tunnels: [HostPattern]
    ) throws -> EventLoopFuture<DoorGuest> {
        let guest = channel.eventLoop.makePromise(of: DoorGuest.self)
        let pipeline = channel.pipeline.syncOperations
        var framing = HTTPResponseEncoder.Configuration()
        framing.automaticallySetFramingHeaders = false
        try pipeline.addHandler(HeadLimit(), name: limit)
        try pipeline.addHandler(HTTPResponseEncoder(configuration: framing), name: encoder)
        try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes)), name: decoder)
        try pipeline.addHandler(DoorGreeting(credential, tokens, authority, tunnels, guest))
        return guest.futureResult
    }

    func handlerAdded(context: ChannelHandlerContext) { hurry(context) }

    private func hurry(_ context: ChannelHandlerContext) {
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isServed else { return context.fireChannelRead(data) }
        guard !hasRefused else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            do throws(DoorRefusal) {
                if try isForDoor(AskedHead(head), context) { serve(head, context) } else { origin = try tunnel(head) }
            } catch { refuse(error, context) }
        case .body: refuse(.notATunnel, context)
        case .end: if let origin { welcome(origin, context) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        guest.fail(ChannelError.eof)
        context.fireChannelInactive()
    }

    /// Whom the tunnel is to lead to that a head asks for.
    private func tunnel(_ head: HTTPRequestHead) throws(DoorRefusal) -> Brokering.Origin {
        let asked = AskedHead(head).received
        try AddressedRequest.checkProgram(asked)
        guard credential.isShown(in: asked) else { throw .unknown }
        // Of version 1.0 it is what older clients, of Python's among them, send.
        guard head.method == .CONNECT, [.http1_0, .http1_1].contains(head.version) else { throw .notATunnel }
        let hosts = head.headers["host"]
        guard let target = try? Authority(connectTarget: head.uri), hosts.count <= 1, hosts.isEmpty || hosts == [head.uri] else { throw .ambiguous }
        return Brokering.Origin(.https, target)
    }

    /// Whether it asks the door itself for something, as who may.
    private func isForDoor(_ head: AskedHead, _ context: ChannelHandlerContext) throws(DoorRefusal) -> Bool {
        if head.received.target.starts(with: AddressedRequest.prefix.utf8) {
            _ = try AddressedRequest(head, at: context.channel.localAddress?.port, knowing: tokens.session)
            return true
        }
        guard AbsoluteRequest.isOne(head.received) else { return false }
        _ = try AbsoluteRequest(head, knowing: credential)
        return true
    }

    /// Lets requests for the door itself pass, once the first of them has shown who asks.
    private func serve(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        do {
            let pipeline = context.pipeline.syncOperations
            try pipeline.addHandler(PlainDoorWire(), position: .after(self))
            let requests = WaitingRequests(try DoorGuest.Requests(wrappingChannelSynchronously: context.channel))
            isServed = true
            deadline?.cancel()
            pipeline.removeHandler(name: Self.limit, promise: nil)
            guest.succeed(DoorGuest(origin: nil, serverName: nil, speech: .plain(requests)))
            context.fireChannelRead(wrapInboundOut(.head(head)))
        } catch {
            guest.fail(error)
            context.close(promise: nil)
        }
    }

    private func refuse(_ refusal: DoorRefusal, _ context: ChannelHandlerContext) {
        guard !hasRefused else { return }
        (origin, hasRefused) = (nil, true)
        answer(refusal.status, refusal.code, ByteBuffer(string: refusal.body), asksWho: refusal == .unknown, context)
    }

    /// Answers, and ends the connection.
    func answer(_ status: HTTPResponseStatus, _ code: String, _ body: ByteBuffer, asksWho: Bool = false, _ context: ChannelHandlerContext) {
        var headers: HTTPHeaders = ["Connection": "close", "Content-Type": "application/problem+json"]
        headers.add(name: "Content-Length", value: "\(body.readableBytes)")
        headers.add(name: "Tacit-Denied", value: code)
        if asksWho { headers.add(name: "Proxy-Authenticate", value: "Basic realm=\"tacit\"") }
        context.write(wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: headers))), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }

    /// Opens a tunnel, once the keeper was asked where a rule may say that nobody looks into it.
    private func welcome(_ origin: Brokering.Origin, _ context: ChannelHandlerContext) {
        guard tunnels.contains(where: { $0.matches(origin.host.description) }) else { return open(origin, context) }
        (self.origin, hasRefused) = (nil, true)
        deadline?.cancel()
        guest.succeed(DoorGuest(origin: origin, serverName: nil, speech: .undecided(UndecidedTunnel(to: origin, self, context))))
    }

    /// Opens a tunnel in which each request is judged: the guest, once it has shaken hands.
    func intercept(_ origin: Brokering.Origin, _ context: ChannelHandlerContext) -> EventLoopFuture<DoorGuest> {
        guest = context.eventLoop.makePromise()
        hurry(context)
        open(origin, context)
        return guest.futureResult
    }

    /// Tells the program to go on, and speaks TLS with it from here as the host that it wants.
    private func open(_ origin: Brokering.Origin, _ context: ChannelHandlerContext) {
        self.origin = nil
        goOn(context)
        let pipeline = context.pipeline.syncOperations
        do {
            let tls = try authority.context(for: InterceptedHost(origin.host))
            let decoder = try pipeline.context(name: Self.decoder)
            let name = ServerNameWatch()
            let choice = Self.speech(with: origin, after: name)
            try pipeline.addHandler(NIOSSLServerHandler(context: tls), position: .after(decoder.handler))
            try pipeline.addHandler(name, position: .after(decoder.handler))
            try pipeline.addHandler(choice, position: .after(self))
            choice.protocolNegotiationResult.cascade(to: guest)
            guest.futureResult.assumeIsolated().whenComplete { [deadline] _ in deadline?.cancel() }
            leave(pipeline, decoder)
        } catch {
            guest.fail(error)
            context.close(promise: nil)
        }
    }

    func goOn(_ context: ChannelHandlerContext) {
        context.write(
            wrapOutboundOut(.head(.init(version: .http1_1, status: .custom(code: 200, reasonPhrase: "Connection established")))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    /// The decoder goes last: what it has read beyond the CONNECT is the handshake's beginning.
    func leave(_ pipeline: ChannelPipeline.SynchronousOperations, _ decoder: ChannelHandlerContext) {
        pipeline.removeHandler(name: Self.encoder, promise: nil)
        pipeline.removeHandler(name: Self.limit, promise: nil)
        pipeline.removeHandler(self, promise: nil)
        pipeline.removeHandler(context: decoder, promise: nil)
    }

    /// What is spoken inside the tunnel: what the program chooses of both when it shakes hands.
    private static func speech(
        with origin: Brokering.Origin, after watch: ServerNameWatch
    ) -> NIOTypedApplicationProtocolNegotiationHandler<DoorGuest> {
        NIOTypedApplicationProtocolNegotiationHandler { chosen, channel in
            let name = watch.name
            guard case .negotiated("h2") = chosen else {
                return channel.eventLoop.makeCompletedFuture { DoorGuest(origin: origin, serverName: name, speech: .plain(try plain(channel))) }
            }
            return channel.configureAsyncHTTP2Pipeline(mode: .server, configuration: .limited) { stream in
                stream.eventLoop.makeCompletedFuture {
                    try stream.pipeline.syncOperations.addHandler(StreamDoorWire())
                    return WaitingRequests(try DoorGuest.Requests(wrappingChannelSynchronously: stream))
                }
            }.flatMapThrowing { streams in
                try channel.pipeline.syncOperations.addHandler(StreamsWatch {})
                return DoorGuest(origin: origin, serverName: name, speech: .streams(channel, streams))
            }
        }
    }

    private static func plain(_ channel: any Channel) throws -> WaitingRequests {
        let pipeline = channel.pipeline.syncOperations
        var framing = HTTPResponseEncoder.Configuration()
        framing.automaticallySetFramingHeaders = false
        try pipeline.addHandlers(
            HTTPResponseEncoder(configuration: framing), ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes)),
            PlainDoorWire())
        return WaitingRequests(try DoorGuest.Requests(wrappingChannelSynchronously: channel))
    }
}

/// Ends a connection whose head is longer than any that a tool of ours sends.
private final class HeadLimit: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private static let mostBytes = 64 << 10
    private var count = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        count += unwrapInboundIn(data).readableBytes
        guard count <= Self.mostBytes else { return context.close(promise: nil) }
        context.fireChannelRead(data)
    }
}
