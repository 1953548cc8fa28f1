package import Model
package import TacitWire

/// Everything a runner needs to know of a run, except its values.
package struct RunJob: Sendable, Equatable {
    /// Who a run is for: it decides how much of the machine the child sees.
    package enum Asker: UInt8, Sendable {
        /// The child keeps the person's terminal, home and descendants.
        case person
        /// No terminal, no descendants after the end, output always redacted, accident guard.
        case agent
    }

    package enum Home: UInt8, Sendable {
        /// HOME as the environment says.
        case real
        /// A private, empty one that is removed at the end.
        case temporary
    }

    package var asker: Asker
    /// The program, by name or path, and its arguments.
    package var arguments: [String]
    /// The child's environment without its secrets; PATH in it is where the program is searched.
    package var environment: [String: String]
    /// The working directory, absolute; nil for a private one that is removed at the end.
    package var directory: String?
    package var home: Home
    /// The terminal that the child gets. Persons only.
    package var terminal: RunTerminal?
    /// After this the group is stopped.
    package var timeLimit: Duration?
    /// False leaves the output as it is. Persons only.
    package var masksOutput: Bool
    /// The permission bits that new files do not get.
    package var fileMask: UInt32
    /// Whether the content of the program is to be told. Agents only.
    package var takesFingerprint: Bool
    /// The sandbox that the program runs in; nil for none.
    package var sandbox: SandboxWish?
    /// The user whose run this is, where the runner is another.
    package var caller: UInt32?

    package init(
        asker: Asker, arguments: [String], environment: [String: String], directory: String? = nil, home: Home, terminal: RunTerminal? = nil,
        timeLimit: Duration? = nil, masksOutput: Bool = true, fileMask: UInt32 = 0o022, takesFingerprint: Bool = false,
        sandbox: SandboxWish? = nil
    ) {
        self.asker = asker
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
        self.home = home
        self.terminal = terminal
        self.timeLimit = timeLimit
        self.masksOutput = masksOutput
        self.fileMask = fileMask
        self.takesFingerprint = takesFingerprint
        self.sandbox = sandbox
    }

    /// The environment of an agent's child: nothing of whoever asks.
    package static func cleanEnvironment(user: String, timeZone: String? = nil) -> [String: String] {
        var environment = ["PATH": SystemPrograms.searchPath, "USER": user, "LANG": "C.UTF-8", "TERM": "dumb"]
        if let timeZone, isZone(timeZone) { environment["TZ"] = timeZone }
        return environment
    }

    /// Whether this is a rule or a name of a time zone, and no path that leads anywhere else.
    private static func isZone(_ text: String) -> Bool {
        !text.hasPrefix("/") && !text.contains("..") && (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || "+-_,./<>:".utf8.contains(byte)
            } && !text.hasPrefix(":")
    }
}

/// The way of a run's program to the network: the broker of its session.
package struct RunProxy: Sendable, Equatable {
    /// What its program finds the way by.
    package var variables: [String: String]
    /// The session's own authority, in PEM.
    package var authority: String

    package init(variables: [String: String], authority: String) { (self.variables, self.authority) = (variables, authority) }
}

/// How a program runs that was judged after it had been opened.
package struct RunConditions: Sendable, Equatable {
    /// HOME; nil for what the job says.
    package var home: String?
    /// PATH; nil for what the job says. The program itself was found before.
    package var searchPath: String?
    /// Whether output passes that could not be searched for values; otherwise a stream ends where it begins.
    package var passesUnscanned: Bool
    /// How many guesses the output may still answer, by the name of the value. Where one has none, nothing leaves the run.
    package var answersLeft: [String: Int]
    /// Nil for a run without fake tokens.
    package var proxy: RunProxy?

    package init(home: String? = nil, searchPath: String? = nil, passesUnscanned: Bool = false, answersLeft: [String: Int] = [:]) {
        self.home = home
        self.searchPath = searchPath
        self.passesUnscanned = passesUnscanned
        self.answersLeft = answersLeft
    }
}

/// One value of a run and where it goes.
package struct RunBinding: Sendable {
    package var target: InjectionPlan.Target
    /// The name under which the value is redacted; nil for a plain field, which is shown as it is.
    package var needleName: String?
    package var value: SecretValue
    /// What stands around the value on standard input; no other target has any.
    package var text: InputText
    /// Whether it is a fake token, which is no guess, whatever it looks like.
    package var isToken: Bool

    package init(target: InjectionPlan.Target, needleName: String?, value: SecretValue, text: InputText = .none, isToken: Bool = false) {
        self.target = target
        self.needleName = needleName
        self.value = value
        self.text = text
        self.isToken = isToken
    }
}
