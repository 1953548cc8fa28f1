import CProcess
import Dispatch
import NIOCore
import NIOPosix
package import Redaction
import Synchronization

/// The process that parses the network for one session: it holds no keys, no store, and of values those that were released to it.
///
/// It lives as long as its control socket: when the keeper locks, ends or is killed, it ends with all that it holds.
package enum Broker {
    /// Serves until the keeper's end closes; the exit status. `confine` gives up, while there is one thread, what a broker does not need; `takeListeners` waits to be
    /// told where the door is.
    package static func main(
        opening opener: any MemberOpener, confinedBy confine: () -> Bool,
        takingListenersBy takeListeners: (Int32) -> (loopback: Int32?, socket: Int32?)?,
        controlDescriptor: Int32 = 3
    ) -> Int32 {
        guard unsafe tacit_harden("tacit-broker") == 0, confine(), let listeners = takeListeners(controlDescriptor) else { return 125 }
        // One thread for all of it: what a program, its keeper and its service say to each other never waits for another thread to wake.
        NIOSingletons.groupLoopCountSuggestion = 1
        let done = DispatchSemaphore(value: 0)
        let status = Mutex<Int32>(125)
        // The broker's one task, owned by this call, which waits for its end.
        Task {
            do {
                try await serve(controlDescriptor, opener, listeningOn: listeners.loopback, and: listeners.socket)
                status.withLock { $0 = 0 }
            } catch {}
            done.signal()
        }
        done.wait()
        return status.withLock { $0 }
    }

    /// Serves on the broker's end of a control socket, until it closes.
    package static func serve(_ descriptor: Int32, _ opener: any MemberOpener, listeningOn listener: Int32? = nil, and socket: Int32? = nil)
        async throws
    {
        let group = MultiThreadedEventLoopGroup.singleton
        let channel = try await ClientBootstrap(group: group).withConnectedSocket(descriptor) { channel in
            channel.eventLoop.makeCompletedFuture { try channel.speakControl() }
        }
        try await channel.executeThenClose { inbound, _ in
            let parts = BrokerParts(
                link: KeeperLink(channel.channel), values: HeldValues(), upstream: Upstream(), opener: opener, listener: listener, socket: socket)
            let desk = WorkDesk(parts, on: group)
            defer { desk.close() }
            try await withTaskExecutorPreference(LoopExecutor.of(channel.channel.eventLoop)) {
                for try await message in inbound { guard desk.take(message) else { return } }
            }
        }
    }
}
