import Brokering
import Foundation
import NIOCore
import NIOHTTP1
import Secrets
import Synchronization

/// A connection whose program has asked for a tunnel and waits for the answer. One that nobody answers ends.
final class UndecidedTunnel: Sendable {
    let origin: Brokering.Origin
    private let channel: any Channel
    private let greeting: NIOLoopBound<(DoorGreeting, ChannelHandlerContext)>

    init(to origin: Brokering.Origin, _ greeting: DoorGreeting, _ context: ChannelHandlerContext) {
        (self.origin, channel) = (origin, context.channel)
        self.greeting = NIOLoopBound((greeting, context), eventLoop: context.eventLoop)
    }

    deinit { if !wasAnswered.withLock({ $0 }) { channel.close(promise: nil) } }

    var loop: any EventLoop { channel.eventLoop }

    private let wasAnswered = Mutex(false)

    /// Opens it, and judges each request in it.
    func intercept() async throws -> DoorGuest {
        try await answered { greeting, context in greeting.intercept(self.origin, context) }
    }

    /// Says why there is none, and ends the connection.
    func refuse(_ failure: BrokerFailure, _ denial: RequestDenial?) async {
        let problem = BrokerProblem(failure, denial)
        let body = (try? JSONEncoder().encode(problem)) ?? Data()
        try? await answered { greeting, context in
            greeting.answer(HTTPResponseStatus(statusCode: problem.status), problem.code, ByteBuffer(bytes: body), context)
            return context.eventLoop.makeSucceededVoidFuture()
        }
    }

    /// Opens it and passes on what comes from both sides, until one of them ends it; how it ended, in a word.
    func pass(to service: any Channel, _ tally: RequestTally) async -> String {
        await withTaskCancellationHandler {
            let result = try? await answered { [origin] greeting, context in
                let ended = context.eventLoop.makePromise(of: String.self)
                do {
                    try greeting.pass(to: service, origin, context, tally, ended)
                } catch {
                    ended.succeed(BrokerFailure.cut.code)
                    context.close(promise: nil)
                }
                return ended.futureResult
            }
            service.close(promise: nil)
            return result ?? BrokerFailure.cut.code
        } onCancel: {
            channel.close(promise: nil)
        }
    }

    private func answered<Answer: Sendable>(
        _ answer: @escaping @Sendable (DoorGreeting, ChannelHandlerContext) -> EventLoopFuture<Answer>
    ) async throws -> Answer {
        wasAnswered.withLock { $0 = true }
        let (channel, greeting) = (channel, greeting)
        return try await channel.eventLoop.flatSubmit {
            guard channel.isActive else { return channel.eventLoop.makeFailedFuture(ChannelError.eof) }
            let (handler, context) = greeting.value
            return answer(handler, context)
        }.get()
    }
}

extension DoorGreeting {
    /// Tells the program to go on; what it says goes to the service, once its first message has named the host that it asked for.
    fileprivate func pass(
        to service: any Channel, _ origin: Brokering.Origin, _ context: ChannelHandlerContext, _ tally: RequestTally,
        _ ended: EventLoopPromise<String>
    ) throws {
        let name: String? = if case .name(let name) = origin.host { name } else { nil }
        let pipeline = context.pipeline.syncOperations
        let decoder = try pipeline.context(name: Self.decoder)
        // A rule of a tunnel sets no limit of bytes.
        let (near, far) = Splice.pair(sent: { try? tally.sent($0) }, received: { try? tally.received($0) })
        let hello = HelloWatch(expecting: name, ended)
        try service.pipeline.syncOperations.addHandler(far)
        try pipeline.addHandlers([hello, near])
        try context.channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
        context.channel.closeFuture.whenComplete { _ in ended.succeed("done") }
        goOn(context)
        leave(pipeline, decoder)
        service.setOption(.autoRead, value: true).whenFailure { _ in service.close(promise: nil) }
    }
}
