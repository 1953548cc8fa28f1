import Model
import Secrets

extension Timestamp {
    /// A moment as the API's requests say it.
    init(said text: String) throws {
        guard let time = Timestamp(rfc3339: text) else {
            throw EngineError.invalid("a time is written as 2026-11-21T08:00:00Z", hint: "in UTC, with the Z behind it")
        }
        self = time
    }
}
