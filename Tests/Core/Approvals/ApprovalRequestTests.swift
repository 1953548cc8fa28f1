import Approvals
import Model
import TestKit
import Testing

@Suite("Requests for an approval")
struct ApprovalRequestTests {
    private static let start = Timestamp(nanoseconds: 1_700_000_000_000_000_000)
    private static func later(_ seconds: Int) -> Timestamp { start.advanced(by: .seconds(seconds)) }

    private func subject(_ change: (inout ApprovalSubject) -> Void = { _ in }) -> ApprovalSubject {
        let secret = BoundSecret(secret: Self.id(1), version: 3, field: 1, to: .variable("STRIPE_API_KEY"))
        var subject = ApprovalSubject(
            .run, agent: Self.id(2), program: BoundProgram(path: "/usr/bin/curl", hash: [UInt8](repeating: 7, count: 32)),
            arguments: ["curl", "https://api.stripe.com"], workingDirectory: FilePlace(path: "/home/u/shop", device: 1, inode: 2),
            sandbox: BoundSandbox(isRequired: true, reads: ["/opt/sdk"]), timeLimit: .seconds(50), variables: ["PATH", "LANG"], secrets: [secret],
            inputHash: [UInt8](repeating: 9, count: 32),
            file: BoundFile(format: .dotenv, reads: 1, life: .seconds(900)))
        change(&subject)
        return subject
    }

    private static func id<Kind>(_ number: UInt8) -> RecordID<Kind> {
        RecordID(random: RandomBytes { [UInt8](repeating: number, count: $0) })
    }

    private func request(_ subject: ApprovalSubject) -> ApprovalRequest {
        let asker = ApprovalRequest.Asker(
            agent: Self.id(2), name: "claude-code", reportedModel: "m", user: "u", host: "h", process: 42, executable: "/usr/bin/tacit")
        return ApprovalRequest(
            createdAt: Self.start, expiresAt: Self.start.advanced(by: ApprovalRequest.patience), asker: asker,
            matter: .use(subject, names: ["shop/dev/stripe/api-key@3"]), purpose: "list invoices", rule: "payments need a person")
    }

    private func approved(uses: Int64 = 2) throws -> ApprovalRequest {
        var request = request(subject())
        try request.approve(.init(uses: uses, until: Self.later(600)), at: Self.later(1))
        return request
    }

    @Test("a changed program, argument, directory, sandbox, time limit, variable, secret, version, destination, input or file is another request")
    func everyPartIsBound() throws {
        let changes: [(inout ApprovalSubject) -> Void] = [
            { $0.use = .inject }, { $0.agent = nil }, { $0.agent = Self.id(3) }, { $0.program = nil }, { $0.program?.path = "/usr/bin/curl2" },
            { $0.program?.hash[31] ^= 1 }, { $0.program?.notBound = ["script"] }, { $0.arguments.append("") }, { $0.arguments[1] += "/" },
            { $0.arguments = ["curl https://api.stripe.com"] }, { $0.workingDirectory = nil }, { $0.workingDirectory?.path = "/home/u/shop/" },
            { $0.workingDirectory?.device = 2 }, { $0.workingDirectory?.inode = 1 }, { $0.timeLimit = nil }, { $0.sandbox = nil },
            { $0.sandbox?.isRequired = false }, { $0.sandbox?.passesUnscanned = true }, { $0.sandbox?.reads = [] }, { $0.timeLimit = .seconds(51) },
            { $0.file = nil }, { $0.file?.format = .json }, { $0.file?.reads = nil }, { $0.file?.reads = 2 }, { $0.file?.life = .seconds(901) },
            { $0.variables = ["LANG"] }, { $0.secrets = [] }, { $0.secrets[0].secret = Self.id(4) }, { $0.secrets[0].version = 4 },
            { $0.secrets[0].field = 2 }, { $0.secrets[0].destination = .standardInput(.none) },
            { $0.secrets[0].destination = .standardInput(Self.text("ab", "c")) },
            { $0.secrets[0].destination = .standardInput(Self.text("a", "bc")) },
            { $0.secrets[0].destination = .standardInput(Self.text("abc", "")) },
            { $0.secrets[0].destination = .standardInput(Self.text("", "abc")) },
            { $0.secrets[0].destination = .asker },
            { $0.secrets[0].destination = .file("STRIPE_API_KEY") }, { $0.secrets[0].destination = .variable("OTHER") }, { $0.secrets += $0.secrets },
            { $0.inputHash = nil },
            { $0.inputHash?[0] ^= 1 },
        ]
        var digests: Set<[UInt8]> = [subject().digest]
        for (index, change) in changes.enumerated() {
            var request = try approved()
            let changed = subject(change)
            #expect(throws: ApprovalError.otherSubject, "change \(index)") { try request.take(for: changed, at: Self.later(2)) }
            #expect(request == (try approved()), "nothing is taken")
            digests.insert(changed.digest)
        }
        #expect(digests.count == changes.count + 1)
    }

    @Test("a changed method, origin, target, header field, place or body of a request is another request, and each reads back")
    func everyPartOfARequest() throws {
        let bound = BoundRequest(method: "POST", origin: "https://a.example", target: "/x?y=1", fields: [.init("a", "b"), .init("c", "d")])
        let changes: [(inout ApprovalSubject) -> Void] = [
            { _ in }, { $0.request = nil }, { $0.request?.method = "PUT" }, { $0.request?.origin = "https://b.example" },
            { $0.request?.target = "/x?y=2" }, { $0.request?.fields.swapAt(0, 1) }, { $0.request?.fields[0].value = "" },
            { $0.request?.fields = [.init("a", "b")] }, { $0.request?.fields[0].name = "ab" }, { $0.inputHash = nil },
            { $0.secrets[0].destination = .request("basic") },
        ]
        try expectDistinct(changes, of: bound, for: .request)
    }

    @Test("a program's request of another door, head or length is another request, and none of one that the broker makes") func everySender() throws {
        let sender = BoundRequest.Sender(door: [1, 2], headHash: [3], bodyByteCount: 4)
        let bound = BoundRequest(method: "POST", origin: "https://a.example", target: "/x", fields: [.init("a", "b")], sender: sender)
        let changes: [(inout ApprovalSubject) -> Void] = [
            { _ in }, { $0.request?.sender?.door = [1] }, { $0.request?.sender?.headHash = [] }, { $0.request?.sender?.bodyByteCount = 5 },
            { $0.request?.target = "/y" }, { $0.request?.fields[0].value = "c" }, { $0.inputHash = nil },
            {
                $0.use = .request
                $0.request?.sender = nil
            },
        ]
        try expectDistinct(changes, of: bound, for: .send)
    }

    /// Each change makes another request, and each is read back as it was written.
    private func expectDistinct(
        _ changes: [(inout ApprovalSubject) -> Void], of bound: BoundRequest, for use: ApprovalSubject.Use
    ) throws {
        var digests: Set<[UInt8]> = []
        for change in changes {
            let subject = subject {
                ($0.use, $0.request, $0.secrets[0].destination) = (use, bound, .request("bearer"))
                change(&$0)
            }
            digests.insert(subject.digest)
            let request = request(subject)
            #expect(try ApprovalRequest(decoding: request.encoded) == request)
            #expect(throws: CanonicalError.self) { try ApprovalRequest(decoding: Array(request.encoded.dropLast())) }
        }
        #expect(digests.count == changes.count)
    }

    @Test("what is withdrawn is over, whether it waited or was approved, and what is over is not withdrawn") func withdrawn() throws {
        var pending = request(subject())
        let now = pending.createdAt.advanced(by: .seconds(1))
        var approved = pending
        try approved.approve(.init(uses: 2, until: now.advanced(by: .seconds(60))), at: now)
        try approved.withdraw(at: now)
        try pending.withdraw(at: now)
        #expect(pending.standing(at: now) == .expired && approved.standing(at: now) == .expired)
        #expect(throws: ApprovalError.notPending) { try pending.withdraw(at: now) }
        #expect(throws: ApprovalError.notApproved) { try approved.take(for: subject(), at: now) }
    }

    private static func text(_ before: String, _ after: String) -> InputText { InputText(before: before, after: after) ?? .none }

    @Test("every change of the text around a value is another request, and each reads back")
    func everyText() throws {
        let random = SeededRandom()
        let letters = ["a", "b", " ", "\n", "\"", "\u{301}", "é", "\u{202E}", "\u{1}", ":"]
        func part() -> String { (0..<random.int(in: 0...4)).map { _ in letters[random.int(in: 0...(letters.count - 1))] }.joined() }
        var texts: Set<[[UInt8]]> = []
        var digests: Set<[UInt8]> = []
        for _ in 0..<2000 {
            let text = Self.text(part(), part())
            texts.insert([Array(text.before.utf8), Array(text.after.utf8)])
            let request = request(subject { $0.secrets[0].destination = .standardInput(text) })
            let read = try ApprovalRequest(decoding: request.encoded)
            #expect(read == request && read.encoded == request.encoded, "\(random)")
            guard case .use(let subject, _) = read.matter else { throw TestFailure("no use") }
            digests.insert(subject.digest)
        }
        #expect(texts.count > 1000 && digests.count == texts.count, "\(random)")
    }

    @Test("two secrets that change places are another request, whatever the order in which they are named")
    func swapped() {
        func pair(_ first: String, _ second: String) -> ApprovalSubject {
            ApprovalSubject(
                .run, agent: nil, variables: ["LIVE", "TEST"],
                secrets: [(1, first), (2, second)].map { BoundSecret(secret: Self.id($0), version: 1, field: 1, to: .variable($1)) })
        }
        #expect(pair("LIVE", "TEST").digest != pair("TEST", "LIVE").digest)
    }

    @Test("a use that names another number of secrets than it binds is refused")
    func names() {
        for names in [[], ["a", "b"]] {
            var request = request(subject())
            request.matter = .use(subject(), names: names)
            #expect(throws: CanonicalError.self) { try ApprovalRequest(decoding: request.encoded) }
        }
    }

    @Test("what was denied stays so for ten minutes, and a proposal is none of a use's")
    func denials() throws {
        var denied = request(subject())
        #expect(!denied.isFreshlyDenied(at: Self.later(1)))
        try denied.deny(at: Self.later(60))
        #expect(denied.isFreshlyDenied(at: Self.later(60)) && denied.isFreshlyDenied(at: Self.later(659)))
        #expect(!denied.isFreshlyDenied(at: Self.later(660)))
        var other = request(subject())
        (other.purpose, other.matter) = ("another", .use(subject(), names: ["renamed"]))
        #expect(denied.asksForTheSame(as: other))
        #expect(!denied.asksForTheSame(as: request(subject { $0.arguments.append("") })))
        other.matter = .proposal(.init(scope: "shop/dev", names: ["a"], capability: nil))
        #expect(!denied.asksForTheSame(as: other) && !other.asksForTheSame(as: denied) && other.asksForTheSame(as: other))
    }

    @Test("the order in which variables are named does not matter, and that of arguments does")
    func order() {
        let same = ApprovalSubject(.run, agent: nil, arguments: ["a", "b"], variables: ["X", "Y"], secrets: [])
        #expect(same.digest == ApprovalSubject(.run, agent: nil, arguments: ["a", "b"], variables: ["Y", "X"], secrets: []).digest)
        #expect(same.digest != ApprovalSubject(.run, agent: nil, arguments: ["b", "a"], variables: ["X", "Y"], secrets: []).digest)
    }

    @Test("an approval is good for its uses, each taken once")
    func uses() throws {
        var request = try approved(uses: 2)
        try request.take(for: subject(), at: Self.later(2))
        try request.take(for: subject(), at: Self.later(3))
        #expect(request.standing(at: Self.later(3)) == .usedUp)
        #expect(throws: ApprovalError.notApproved) { try request.take(for: subject(), at: Self.later(4)) }
    }

    @Test("nothing is taken before a person decided, after a denial, or after its time")
    func onlyApproved() throws {
        var pending = request(subject())
        #expect(throws: ApprovalError.notApproved) { try pending.take(for: subject(), at: Self.later(1)) }
        var denied = try approved()
        try denied.deny(at: Self.later(2))
        #expect(throws: ApprovalError.notApproved) { try denied.take(for: subject(), at: Self.later(3)) }
        var late = try approved()
        #expect(throws: ApprovalError.notApproved) { try late.take(for: subject(), at: Self.later(600)) }
        #expect(late.standing(at: Self.later(600)) == .expired)
    }

    @Test("what was decided, or waited too long, is not decided again")
    func decidedOnce() throws {
        var waiting = request(subject())
        let budget = ApprovalRequest.Budget(uses: 1, until: Self.later(700))
        #expect(throws: ApprovalError.notPending) { try waiting.approve(budget, at: Self.later(600)) }
        #expect(throws: ApprovalError.notPending) { try waiting.deny(at: Self.later(600)) }
        var denied = request(subject())
        try denied.deny(at: Self.later(1))
        #expect(throws: ApprovalError.notPending) { try denied.approve(budget, at: Self.later(2)) }
        var done = try approved()
        #expect(throws: ApprovalError.notPending) { try done.approve(budget, at: Self.later(2)) }
    }

    @Test("a budget is one use at least and 100 or 8 hours at most")
    func budgets() {
        for (uses, seconds) in [(0, 60), (101, 60), (-1, 60), (1, 0), (1, -1), (1, 8 * 3600 + 1)] {
            var request = request(subject())
            #expect(throws: ApprovalError.budgetTooLarge) {
                try request.approve(.init(uses: Int64(uses), until: Self.start.advanced(by: .seconds(seconds))), at: Self.start)
            }
            #expect(request.standing(at: Self.start) == .pending)
        }
    }

    @Test("a proposal is completed, never approved, and a use is never completed")
    func proposals() throws {
        var proposal = request(subject())
        proposal.matter = .proposal(.init(scope: "shop/dev", names: ["a"], capability: "env_inject"))
        #expect(throws: ApprovalError.isProposal) { try proposal.approve(.init(uses: 1, until: Self.later(60)), at: Self.later(1)) }
        try proposal.complete(at: Self.later(1))
        #expect(proposal.standing(at: Self.later(2)) == .done)
        #expect(throws: ApprovalError.otherSubject) { try proposal.take(for: subject(), at: Self.later(2)) }
        var use = request(subject())
        #expect(throws: ApprovalError.isUse) { try use.complete(at: Self.later(1)) }
    }

    @Test("a proposal with a program or a file is another than one without, or with another, and has another code")
    func namedProgram() {
        func proposal(_ names: [String], _ program: String?, _ file: String? = nil) -> ApprovalRequest {
            var request = request(subject())
            request.matter = .proposal(.init(scope: "shop/dev", names: names, capability: "env_inject", program: program, file: file))
            return request
        }
        let all = [
            proposal(["a"], nil), proposal(["a"], "sort"), proposal(["a"], "/usr/bin/sort"), proposal(["a", "sort"], nil),
            proposal(["a"], nil, "sort"), proposal(["a"], "sort", "sort"), proposal(["a"], nil, "/usr/bin/sort"),
        ]
        let id = AnyRecordID(random: .system)
        for (index, one) in all.enumerated() {
            for (position, other) in all.enumerated() { #expect(one.asksForTheSame(as: other) == (index == position)) }
        }
        #expect(Set(all.map { "\(RequestCode(of: id, $0))" }).count == all.count)
    }

    @Test("a row reads back as it was written, and anything cut or left over is refused")
    func coding() throws {
        var denied = request(subject())
        try denied.deny(at: Self.later(5))
        var proposal = request(subject())
        proposal.matter = .proposal(.init(scope: "shop/dev", names: ["a", "b"], capability: nil))
        var named = proposal
        named.matter = .proposal(.init(scope: "shop/dev", names: ["a", "b"], capability: "env_inject", program: "/usr/bin/sort"))
        var filed = [proposal, named]
        filed[0].matter = .proposal(.init(scope: "shop/dev", names: [], capability: nil, file: "/srv/.env"))
        filed[1].matter = .proposal(.init(scope: "shop/dev", names: ["a"], capability: "env_inject", program: "sort", file: "/srv/.env"))
        #expect(denied.deniedUntil == Self.later(5).advanced(by: ApprovalRequest.denialLife) && proposal.deniedUntil == nil)
        var done = proposal
        try done.complete(at: Self.later(5))
        var bare = request(subject())
        bare.matter = .use(ApprovalSubject(.reveal, agent: nil, secrets: []), names: [])
        for request in [request(subject()), try approved(), denied, proposal, named, done, bare] + filed {
            let bytes = request.encoded
            #expect(try ApprovalRequest(decoding: bytes) == request)
            #expect(throws: CanonicalError.self) { try ApprovalRequest(decoding: bytes + [0]) }
            for count in 0..<bytes.count {
                #expect(throws: CanonicalError.self) { try ApprovalRequest(decoding: Array(bytes[..<count])) }
            }
        }
    }

    @Test("the code names the request: six characters, in either case, with or without the dash")
    func codes() {
        let (first, second) = (request(subject()), request(subject { $0.arguments[1] = "https://evil.example" }))
        let code = RequestCode(of: Self.id(1), first)
        #expect("\(code)".count == 7)
        #expect(code.matches("\(code)") && code.matches("\(code)".lowercased()))
        #expect(code.matches("\(code)".replacing("-", with: "")))
        #expect(!code.matches("") && !code.matches("\(code)2"))
        #expect(code != RequestCode(of: Self.id(1), second))
        #expect(code != RequestCode(of: Self.id(2), first))
    }

    @Test("an agent's words are one line without control and direction characters, 300 characters at most")
    func quoting() {
        #expect("\(QuotedText("a\nb\u{1B}[31mc\u{202E}d\u{2028}e\u{0}f"))" == "ab[31mcdef")
        #expect("\(QuotedText(String(repeating: "ä", count: 1000)))".count == 300)
        #expect("\(QuotedText("list invoices"))" == "list invoices")
    }

    @Test(
        "a letter that draws nothing is seen, and words of nothing else are none",
        arguments: ["\u{3164}", "\u{FFA0}", "\u{115F}", "\u{1160}", "\u{2800}", "\u{17B4}", "\u{17B5}", "\u{34F}"])
    func fillers(letter: String) {
        #expect("\(QuotedText("a\(letter)b\(letter)\(letter)"))" == "a\u{2423}b\u{2423}\u{2423}")
        for nothing in [letter, "\(letter) \(letter)", " \(letter)\u{A0}\u{200B}\u{FE0F}", "", " ", "\u{3000}"] {
            #expect("\(QuotedText(nothing))" == "")
        }
    }

    @Test("what only chooses how a letter looks is left out")
    func selectors() {
        #expect("\(QuotedText("a\u{2764}\u{FE0F}b\u{E0101}"))" == "a\u{2764}b")
    }
}
