/// What a guard says of a part of a request: it stands, in the form that is judged and sent, or it is refused with the reason.
package enum RequestVerdict<Subject: Sendable>: Sendable {
    case accepted(Subject)
    case refused(RequestRefusal)

    /// The reason; nil for what stands.
    package var refusal: RequestRefusal? { if case .refused(let refusal) = self { refusal } else { nil } }

    /// What stands; nil for what is refused.
    package var accepted: Subject? { if case .accepted(let subject) = self { subject } else { nil } }

    init(_ judge: () throws(RequestRefusal) -> Subject) {
        do { self = .accepted(try judge()) } catch { self = .refused(error) }
    }
}

extension RequestVerdict: Equatable where Subject: Equatable {}
