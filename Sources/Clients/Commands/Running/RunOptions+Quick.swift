extension RunOptions {
    /// Reads the usual command lines of `run` by itself, for the argument parser takes longer than all the rest of a run's start.
    ///
    /// It reads `run OPTIONS -- COMMAND`, options spelt out and said once, and leaves everything else to the parser: nil is no verdict.
    init?(quick arguments: [String]) {
        guard arguments.first == "run", let mark = arguments.firstIndex(of: "--"), mark + 1 < arguments.count else { return nil }
        self.init(Array(arguments[(mark + 1)...]), ScopeOptions(), GlobalOptions())
        (scope.project, scope.environment, global.json, global.passwordDescriptor) = (nil, nil, false, nil)
        var options = arguments[1..<mark]
        var seen: Set<String> = []
        while let option = options.popFirst() {
            if option == "-k" || option == "--key" {
                guard let key = Self.value(&options) else { return nil }
                choice.keys.append(key)
            } else {
                guard seen.insert(option).inserted, take(option, &options) else { return nil }
            }
        }
    }

    private mutating func take(_ option: String, _ rest: inout ArraySlice<String>) -> Bool {
        switch option {
        case "--all": choice.takesAll = true
        case "--preserve-env": preservesEnvironment = true
        case "--no-mask": isUnmasked = true
        case "--sandbox": isSandboxed = true
        case "--write-through": writesThrough = true
        case "--json": global.json = true
        default:
            guard let value = Self.value(&rest) else { return false }
            return take(option, value)
        }
        return true
    }

    private mutating func take(_ option: String, _ value: String) -> Bool {
        switch option {
        case "--stdin": choice.input = value
        case "--env-file": choice.file = value
        case "--env-prefix": prefix = value
        case "--timeout": timeout = value
        case "--via": way = value
        case "-p": scope.project = value
        case "-e": scope.environment = value
        case "--password-fd":
            guard let number = Int32(value) else { return false }
            global.passwordDescriptor = number
        default: return false
        }
        return true
    }

    private static func value(_ rest: inout ArraySlice<String>) -> String? {
        guard let value = rest.popFirst(), !value.hasPrefix("-") else { return nil }
        return value
    }
}
