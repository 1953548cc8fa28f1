import Brokering
import Foundation
import Model

extension BrokerParts {
    /// One request's exchange: signatures are held against this machine's clock, and what is sent is searched for every value that was released by then.
    func exchange(_ tokens: SessionTokens, mayStandInBody: Bool, takesUnpacked: Bool = false) -> RequestExchange {
        let values = values
        return RequestExchange(
            tokens, mayStandInBody: mayStandInBody, takesUnpacked: takesUnpacked,
            clock: { Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1_000_000_000)) },
            values: { values.generation > 0 ? values.needles.needles : nil })
    }
}
