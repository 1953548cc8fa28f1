import Model
import Policies
import Synchronization

/// What an agent's requests have of the limits of each rule: so many in a span, so many at once, so many bytes. All tokens of an agent share them, so that
/// another token gives nothing more.
final class RequestLimits: Sendable {
    fileprivate struct Key: Hashable {
        var rule: String
        var holder: SessionHolder
    }

    private struct Going {
        var count = 0
        /// Bytes that requests which go on may still carry.
        var reserved = 0
    }

    /// What one request has of one rule's limits, until it has ended or was not made.
    final class Ticket: Sendable {
        fileprivate let key: Key
        fileprivate let rate: RequestCounter.Ticket?
        fileprivate let period: RequestRate.Period?
        /// How many bytes it may carry; nil for as many as it likes.
        let allowance: Int?
        private let isOpen = Mutex(true)

        fileprivate init(_ key: Key, _ rate: RequestCounter.Ticket?, _ period: RequestRate.Period?, _ allowance: Int?) {
            (self.key, self.rate, self.period, self.allowance) = (key, rate, period, allowance)
        }

        /// Says whether this is the first time.
        fileprivate func close() -> Bool {
            isOpen.withLock { isOpen in
                defer { isOpen = false }
                return isOpen
            }
        }
    }

    /// What a single request may carry while there is little left.
    private static let leastAllowance = 1 << 20

    private let requests = RequestCounter()
    private let bytes = RequestCounter()
    private let going = Mutex<[Key: Going]>([:])

    /// Takes what a request needs, or says in how many seconds it may be asked for again; nil where the rule has no limits.
    func take(by terms: RequestTerms, for holder: SessionHolder, now: Timestamp) throws(EngineError) -> Ticket? {
        guard terms.isLimited else { return nil }
        let key = Key(rule: terms.rule, holder: holder)
        var counted: RequestCounter.Ticket?
        if let rate = terms.rate { counted = try requests.take(by: terms.rule, rate, for: holder, now: now) }
        switch begin(key, terms, now) {
        case .success(let allowance): return Ticket(key, counted, terms.bytes?.period, allowance)
        case .failure(let error):
            if let counted { requests.giveBack(counted) }
            throw error
        }
    }

    private func begin(_ key: Key, _ terms: RequestTerms, _ now: Timestamp) -> Result<Int?, EngineError> {
        going.withLock { going in
            var own = going[key] ?? Going()
            if let most = terms.concurrency, own.count >= most {
                return .failure(.rateLimited(rule: terms.rule, seconds: 1, limit: .concurrency))
            }
            var allowance: Int?
            if let limit = terms.bytes {
                let left = bytes.left(of: limit.byteCount, by: terms.rule, limit.period, for: key.holder, now: now)
                let free = left.count - own.reserved
                guard free > 0 else { return .failure(.rateLimited(rule: terms.rule, seconds: max(1, left.wait), limit: .bytes)) }
                // Half of it, so that another request finds something; what is not carried is given back.
                allowance = max(free / 2, min(free, Self.leastAllowance))
            }
            own.count += 1
            own.reserved += allowance ?? 0
            going[key] = own
            return .success(allowance)
        }
    }

    /// The request was not made.
    func giveBack(_ ticket: Ticket) {
        guard ticket.close() else { return }
        if let rate = ticket.rate { requests.giveBack(rate) }
        end(ticket)
    }

    /// The request has ended, and carried so many bytes; nil where nobody knows, and it counts as all that it might have.
    func settle(_ ticket: Ticket, carrying count: Int?, now: Timestamp) {
        guard ticket.close() else { return }
        if let period = ticket.period, let allowance = ticket.allowance {
            bytes.add(max(0, count ?? allowance), by: ticket.key.rule, period, for: ticket.key.holder, now: now)
        }
        end(ticket)
    }

    private func end(_ ticket: Ticket) {
        going.withLock { going in
            guard var own = going[ticket.key] else { return }
            own.count -= 1
            own.reserved -= ticket.allowance ?? 0
            going[ticket.key] = own.count > 0 ? own : nil
        }
    }
}

extension RequestLimits {
    /// Takes what a request needs of each of its rules, once for each.
    func take(by terms: [RequestTerms], for holder: SessionHolder, now: Timestamp) throws(EngineError) -> [Ticket] {
        var tickets: [Ticket] = []
        var counted: Set<String> = []
        for terms in terms where counted.insert(terms.rule).inserted {
            do throws(EngineError) {
                if let ticket = try take(by: terms, for: holder, now: now) { tickets.append(ticket) }
            } catch {
                giveBack(tickets)
                throw error
            }
        }
        return tickets
    }

    func giveBack(_ tickets: [Ticket]) { for ticket in tickets { giveBack(ticket) } }

    func settle(_ tickets: [Ticket], after outcome: RequestOutcome?, now: Timestamp) {
        for ticket in tickets { settle(ticket, carrying: outcome?.carried, now: now) }
    }
}

extension OpenVault {
    /// Takes what a request needs of its rules' limits; where one is reached, that is written down.
    func limitTickets(
        by terms: [RequestTerms], for holder: SessionHolder, _ act: Act, by asker: Asker, on targets: [Target]
    ) async throws -> [RequestLimits.Ticket] {
        do { return try lasting.limits.take(by: terms, for: holder, now: clock.steady()) } catch {
            try await authorizer.refuse(act, by: asker, on: targets.map(\.subject), code: error.code, rule: error.limitingRule)
            throw error
        }
    }
}

extension [RequestLimits.Ticket] {
    /// How many bytes the request may carry by all of its rules; nil for as many as it likes.
    var allowance: Int64? { compactMap(\.allowance).min().map(Int64.init) }
}

extension RequestOutcome {
    /// How much it carried; nil where its broker ended, and nobody knows.
    fileprivate var carried: Int? {
        guard result != BrokerFailure.unavailable.code else { return nil }
        let (sum, overflow) = bytesSent.addingReportingOverflow(bytesReceived)
        return overflow || bytesSent < 0 || bytesReceived < 0 ? nil : Int(sum)
    }
}
