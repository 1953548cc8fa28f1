import NIOCore
import NIOHTTP2

extension NIOHTTP2Handler.Configuration {
    /// What either side may do over one connection of HTTP/2 before it ends. Everything that a peer can have counted is counted by the library: frames of
    /// settings, pings and priorities, streams that are reset, empty frames, continued heads, heads that grow when they are unpacked.
    static var limited: Self {
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: mostStreams), HTTP2Setting(parameter: .maxHeaderListSize, value: mostHeaderBytes),
            HTTP2Setting(parameter: .enablePush, value: 0), HTTP2Setting(parameter: .initialWindowSize, value: window),
        ]
        connection.headerBlockValidation = .enabled
        connection.contentLengthValidation = .enabled
        connection.maximumSequentialEmptyDataFrames = 1
        connection.maximumBufferedControlFrames = 1000
        connection.maximumSequentialContinuationFrames = 5
        connection.maximumConnectionGlitches = 100
        connection.targetWindowSize = 1 << 20
        connection.controlFrameRateLimit.maximumCount = 200
        var stream = NIOHTTP2Handler.StreamConfiguration()
        stream.targetWindowSize = window
        stream.outboundBufferSizeHighWatermark = 64 << 10
        stream.outboundBufferSizeLowWatermark = 32 << 10
        stream.streamResetFrameRateLimit.maximumCount = 200
        stream.streamErrorRateLimit.maximumCount = 100
        return Self(connection: connection, stream: stream)
    }

    static let mostStreams = 100
    private static let mostHeaderBytes = 64 << 10
    private static let window = 256 << 10
}
