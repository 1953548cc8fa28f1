import Brokering
import Model
import Secrets

/// What keeper and broker tell each other: frames of a length in four bytes, a kind, and the parts of the kind in canonical form.
enum ControlMessage: Sendable {
    // From the keeper
    case errand(WorkID, Errand)
    case allow(AskID, RequestLeave)
    case refuse(AskID, RequestDenial?)
    /// It is to be asked about once more, with its content.
    case describe(AskID)
    /// What stands for the credentials of a reply, which are stored.
    case sealed(AskID, [SealedCredential])
    /// They could not be stored.
    case unsealed(AskID)
    /// Whether what waits of a reply may be seen: the answer to `leaving`.
    case mayLeave(AskID, Bool)
    /// From now on it asks that before anything of a reply is seen, and not only where a guess is answered.
    case consult(WorkID)
    /// Nobody waits for it any more.
    case cancel(WorkID)
    case open(WorkID, DoorSetup)
    /// The token of a grant is over: what goes on with it ends.
    case revoke(GrantID)
    // From the broker, which hostile bytes may have taken over
    case ask(AskID, WorkID, AskedRequest)
    case seal(AskID, NewCredentials)
    case outcome(AskID, RequestOutcome)
    /// Some of a reply is about to be seen, with guesses that it answers, by the names of the values.
    case leaving(AskID, answers: [String])
    /// From here on it does what `consult` said.
    case consulting(WorkID)
    case reply(WorkID, ErrandReply)
    case opened(WorkID, OpenDoor)
    case failure(WorkID, BrokerFailure)
    case misuse(WorkID, GrantID, code: String)
    /// A request that held a real value, and of which nothing was asked.
    case egress(WorkID, AskedRequest)
    /// Whoever it was asked for has gone.
    case withdraw(AskID)

    /// The longest: a body of an errand and what goes with it.
    static let mostBytes = 8 << 20
    /// The longest body of an errand, either way.
    static let mostBodyBytes = 1 << 20
}

/// What the keeper has the broker do: a request to make, a door to open.
struct WorkID: Hashable, Sendable { var number: Int64 }

/// One question whether a request may leave.
struct AskID: Hashable, Sendable { var number: Int64 }
