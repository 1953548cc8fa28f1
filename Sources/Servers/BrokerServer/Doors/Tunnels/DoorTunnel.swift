import Brokering
import NIOCore
import Secrets

/// A tunnel to a host of which a rule may say that nobody looks into it: the keeper says whether that is so.
struct DoorTunnel: Sendable {
    let door: Door
    let tunnel: UndecidedTunnel

    private var broker: BrokerParts { door.broker }

    /// Serves it to its end; or gives the guest whose requests are judged one by one.
    func serve() async -> DoorGuest? {
        let (ask, answer) = await broker.link.ask(.tunnel(to: tunnel.origin), for: door.id)
        switch answer {
        case .refuse(.intercepted): return try? await tunnel.intercept()
        // Nobody approves a tunnel: a rule of one has no such key.
        case .describe: await tunnel.refuse(.refused, nil)
        case .refuse(let denial): await tunnel.refuse(.refused, denial)
        case .allow(let leave):
            let tally = RequestTally()
            let result = await pass(leave, tally)
            broker.link.tell(.outcome(ask, tally.outcome(result)))
        }
        return nil
    }

    /// How it ended, in a word.
    private func pass(_ leave: RequestLeave, _ tally: RequestTally) async -> String {
        do throws(BrokerFailure) {
            let service = try await broker.upstream.tunnel(to: tunnel.origin, reachingOwnNetwork: leave.reachesOwnNetwork, on: tunnel.loop)
            return await tunnel.pass(to: service, tally)
        } catch {
            await tunnel.refuse(error, nil)
            return error.code
        }
    }
}
