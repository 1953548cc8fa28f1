import Model

extension ExchangeStop: Diagnosable {
    package var message: String {
        switch self {
        case .ambiguous(let refusal): refusal.message
        case .stray: "a token stands where no token may stand"
        case .exchange(.withoutValue): "a token in the request was not allowed for it"
        case .exchange(.unspeakable): "the secret's value cannot be written where its token stands"
        case .unreadableBody: "the body is not what its content type says, or longer than 1 MiB, and a token may stand in it"
        case .bodyTooLong: "all of such a request is looked at before any of it goes, and its body is longer than 1 MiB"
        case .codedBody: "the body has a Content-Encoding, and nobody looks into it for tokens"
        case .signature(let refusal): refusal.message
        case .egress: "the request holds a real value, for which the program was given a token"
        case .frames(let refusal): refusal.message
        }
    }

    package var hint: String? {
        switch self {
        case .ambiguous(let refusal): refusal.hint
        case .stray: "put the token, whole and once, where the service takes its credential"
        case .exchange(.withoutValue): nil
        case .exchange(.unspeakable): "a person checks the stored value: it has a line break, or characters that this place cannot have"
        case .unreadableBody: "send the body as its content type says, in one piece of at most 1 MiB"
        case .bodyTooLong: "send less at once, or tell the person that the rule's `approval` or `operations` is in the way of it"
        case .codedBody: "send the body without Content-Encoding"
        case .signature(let refusal): refusal.hint
        case .egress: "send the token where the service takes its credential; a person looks where the program has the value from"
        case .frames(let refusal): refusal.hint
        }
    }
}

extension ReplyRefusal: Diagnosable {
    package var message: String {
        switch self {
        case .partial: "the service sent a part of what was asked for, and a value could be cut in two by it"
        case .coding: "the reply's body is packed in a way that nobody can look into"
        case .framing: "the reply does not say clearly where it ends"
        case .fields: "the reply has header fields that cannot be passed on"
        case .tooLarge: "the reply's head is too large"
        case .status: "the reply has a status that cannot be passed on"
        case .upgrade: "the service changed to another protocol, which is not passed on"
        case .unsealed: "the reply was to have a new credential where the rule seals it, which could not be put into the vault"
        case .frames: "what the service sent over a WebSocket is not what RFC 6455 has a service send"
        case .withheld: "the reply holds a value in a form that cannot be shown"
        }
    }
}
