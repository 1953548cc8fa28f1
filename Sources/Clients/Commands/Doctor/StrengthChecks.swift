import Glibc
import TacitWire

/// How far keeper and runs are from what else runs as the person: the three strengths, which of them is in force, and how to have the next.
struct StrengthChecks {
    typealias Finding = DoctorReport.Finding

    let paths: LocalPaths
    let userID: UInt32

    var findings: [Finding] { paths.hasOwnUser ? [sameInOwn, ownInForce, helper, remote, column] : [sameInForce, own, remote, column] }

    private var sameInForce: Finding {
        .init(
            .advice, "strength.same-uid",
            "strength \"same uid\", in force: other users and whoever takes the files get nothing; the keeper's memory is closed to your programs",
            hint: "the environment and memory of what is run with a secret can be read by every program of yours, in a sandbox or not")
    }

    private var own: Finding {
        .init(
            .advice, "strength.own-uid",
            "strength \"own uid\", not in force: what is run with a secret, and the vault's files, are out of reach of your programs, too",
            hint: "`sudo tacit keeper install --system-user` gives the keeper, and your runs, users of their own")
    }

    private var sameInOwn: Finding {
        .init(.good, "strength.same-uid", "strength \"same uid\": all that it protects is protected")
    }

    private var ownInForce: Finding {
        .init(
            .good, "strength.own-uid",
            "strength \"own uid\", in force: no program of yours reads the vault's files, or the environment or memory of what is run with a secret",
            hint: "not of `run --no-mask`, which becomes the program, nor of what `get` and `inject` hand out; `sudo tacit keeper uninstall` ends it")
    }

    /// Whether the helper's socket is there, and root's service manager's to hand out.
    private var helper: Finding {
        var facts = stat()
        let path = LocalPaths.starterSocket(of: userID)
        guard unsafe lstat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFSOCK, facts.st_mode & 0o077 == 0 else {
            return .init(
                .bad, "strength.helper", "root's helper, which starts runs, is not there: runs are refused",
                hint: "`sudo systemctl start tacit-starter-\(userID).socket`")
        }
        return .init(.good, "strength.helper", "root's helper starts runs for the keeper alone")
    }

    private var remote: Finding {
        .init(.advice, "strength.remote", "strength \"remote\", coming: a team server on another machine keeps the keys from this one")
    }

    /// Where a whole agent stands, in its sandbox.
    static let confined = Finding(
        .good, "agents.confined", "this is a whole agent's sandbox: the left column of the promise table",
        hint: "its project it writes directly: what a person runs from there afterwards is the agent's work")

    /// Where agents stand: what they run may be confined, they themselves run as the user does.
    private var column: Finding {
        let title = "agents run free under your own uid: the right column of the promise table"
        guard paths.hasOwnUser else {
            return .init(
                .advice, "agents.free", title,
                hint: "an agent may read the environment and memory of what it has run with a secret, in a sandbox or not")
        }
        return .init(
            .advice, "agents.free", title,
            hint: "what they run with a secret is out of their reach; you are not: your shell, your terminal, the programs in your PATH")
    }
}
