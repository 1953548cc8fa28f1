import TacitWire

extension TokenMisuse {
    /// One sentence for a person.
    var sentence: String {
        let times = count == 1 ? "" : ", \(count) times"
        let end = frozen ? "; it is frozen: `tacit panic --thaw` lets it act again" : ""
        return "\(agent.printable) showed a fake token where it is not good (\(code.printable)\(times), first at \(firstAt))\(end)"
    }
}
