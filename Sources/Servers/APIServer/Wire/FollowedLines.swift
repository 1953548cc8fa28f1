import Hummingbird
import NIOCore
import TacitWire

extension Response {
    /// A line of JSON for each item, as it comes, until the items end or nobody reads.
    init<Items: AsyncSequence & Sendable, Line: Encodable & SendableMetatype>(
        following items: Items, on channel: any Channel, as line: @escaping @Sendable (Items.Element) -> Line
    ) {
        let body = ResponseBody { writer in
            for try await item in items {
                guard channel.isActive else { break }
                try await writer.write(ByteBuffer(bytes: Array(try WireJSON.encode(line(item))) + [UInt8(ascii: "\n")]))
            }
            try await writer.finish(nil)
        }
        self.init(status: .ok, headers: [.contentType: "application/jsonl", .cacheControl: "no-store"], body: body)
    }
}
