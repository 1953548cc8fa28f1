import Model
import NIOCore

/// Cuts a stream into messages.
struct ControlDecoder: ByteToMessageDecoder {
    typealias InboundOut = ControlMessage

    mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        guard let length = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self) else { return .needMoreData }
        guard length <= ControlMessage.mostBytes else { throw CanonicalError.malformed }
        guard buffer.readableBytes >= 4 + Int(length) else { return .needMoreData }
        buffer.moveReaderIndex(forwardBy: 4)
        guard let bytes = buffer.readBytes(length: Int(length)) else { return .needMoreData }
        context.fireChannelRead(wrapInboundOut(try ControlMessage(decoding: bytes)))
        return .continue
    }

    mutating func decodeLast(context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool) throws -> DecodingState {
        while try decode(context: context, buffer: &buffer) == .continue {}
        return .needMoreData
    }
}

/// Writes messages, each behind its length.
struct ControlEncoder: MessageToByteEncoder {
    typealias OutboundIn = ControlMessage

    func encode(data message: ControlMessage, out: inout ByteBuffer) throws {
        let bytes = message.encoded
        guard bytes.count <= ControlMessage.mostBytes else { throw CanonicalError.malformed }
        out.writeInteger(UInt32(bytes.count))
        out.writeBytes(bytes)
    }
}

extension Channel {
    /// Both ends of the control socket speak so.
    func speakControl() throws -> NIOAsyncChannel<ControlMessage, ControlMessage> {
        try pipeline.syncOperations.addHandlers(ByteToMessageHandler(ControlDecoder()), MessageToByteHandler(ControlEncoder()))
        return try NIOAsyncChannel(wrappingChannelSynchronously: self)
    }
}
