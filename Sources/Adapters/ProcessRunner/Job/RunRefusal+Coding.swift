import TacitWire

extension RunRefusal {
    /// The refusal's bytes on the control socket: those of an `exit` frame.
    var encoded: [UInt8] { RunFrame.exit(.failed(failure)).encoded }

    /// The failure that those bytes tell; nil when they tell none.
    static func decode(_ bytes: [UInt8]) -> RunFailure? {
        var decoder = RunFrameDecoder(from: .runner)
        decoder.append(bytes)
        guard case .exit(.failed(let failure))? = try? decoder.next(), !decoder.isWithinFrame else { return nil }
        return failure
    }
}
