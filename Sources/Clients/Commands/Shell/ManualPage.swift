/// A page of the manual, in the `man` macros of roff (man(7)).
struct ManualPage {
    /// The file's name without its section, such as `tacit-env-diff`.
    let name: String
    let text: String

    init(_ command: DescribedCommand, _ path: [String], version: String) {
        name = path.joined(separator: "-")
        var page = ManualWriter()
        page.line(".TH \(ManualWriter.escaped(name.uppercased())) 1 \"\" \"tacit \(version)\" \"Tacit\"")
        page.section("NAME")
        var abstract = command.abstract ?? ""
        if abstract.hasSuffix(".") { abstract.removeLast() }
        page.line("\(ManualWriter.escaped(name)) \\- \(ManualWriter.escaped(abstract))")
        let arguments = (command.arguments ?? []).filter { $0.shouldDisplay && $0.names?.first?.name != "help" }
        page.section("SYNOPSIS")
        page.line(Self.synopsis(path, arguments, hasCommands: !Self.shown(command).isEmpty))
        page.section("DESCRIPTION")
        page.words(command.abstract ?? "")
        page.discussion(command.discussion ?? "", before: "EXAMPLES")
        page.list("ARGUMENTS", arguments.filter { $0.kind == .positional }.map { (Self.term($0), $0.abstract ?? "") })
        page.list("OPTIONS", arguments.filter { $0.kind != .positional }.map { (Self.term($0), $0.abstract ?? "") })
        page.list("COMMANDS", Self.shown(command).map { ("\\fB\(ManualWriter.escaped($0.commandName))\\fR", $0.abstract ?? "") })
        page.discussion(command.discussion ?? "", from: "EXAMPLES")
        let others = (path.count > 1 ? [Array(path.dropLast())] : []) + Self.shown(command).map { path + [$0.commandName] }
        if !others.isEmpty {
            page.section("SEE ALSO")
            page.line(others.map { "\\fB\(ManualWriter.escaped($0.joined(separator: "-")))\\fR(1)" }.joined(separator: ", "))
        }
        text = page.text
    }

    /// The commands below one that have pages.
    static func shown(_ command: DescribedCommand) -> [DescribedCommand] {
        (command.subcommands ?? []).filter { $0.shouldDisplay && $0.commandName != "help" }
    }

    private static func synopsis(_ path: [String], _ arguments: [DescribedArgument], hasCommands: Bool) -> String {
        var words = ["\\fB\(ManualWriter.escaped(path.joined(separator: " ")))\\fR"]
        if hasCommands { words.append("\\fIcommand\\fR") }
        if arguments.contains(where: { $0.kind != .positional }) { words.append("[\\fIoptions\\fR]") }
        for argument in arguments where argument.kind == .positional {
            let value = "\\fI\(ManualWriter.escaped(argument.valueName ?? ""))\\fR\(argument.isRepeating ? " ..." : "")"
            let whole = argument.parsingStrategy == "postTerminator" ? "\\-\\- \(value)" : value
            words.append(argument.isOptional ? "[\(whole)]" : whole)
        }
        return words.joined(separator: " ")
    }

    private static func term(_ argument: DescribedArgument) -> String {
        let value = argument.valueName.map { "\\fI\(ManualWriter.escaped($0))\\fR" } ?? ""
        guard argument.kind != .positional else { return value }
        let names = (argument.names ?? []).map { "\\fB\(ManualWriter.escaped(($0.kind == "long" ? "--" : "-") + $0.name))\\fR" }
        return names.joined(separator: ", ") + (argument.kind == .option ? " \(value)" : "")
    }
}

/// Writes roff: what a reader might take for a request or an escape is written as text.
struct ManualWriter {
    private(set) var text = ""
    private var isFirstOfSection = false

    mutating func line(_ line: String) {
        text += line + "\n"
        isFirstOfSection = line.hasPrefix(".SH ")
    }

    mutating func section(_ title: String) { line(".SH \(title)") }

    /// A paragraph.
    mutating func words(_ text: String) {
        if !isFirstOfSection { line(".PP") }
        line(Self.marked(text))
    }

    /// Terms and what they mean; nothing for none.
    mutating func list(_ title: String, _ items: [(term: String, meaning: String)]) {
        guard !items.isEmpty else { return }
        section(title)
        for item in items {
            line(".TP")
            line(item.term)
            line(Self.marked(item.meaning))
        }
    }

    /// What the help says at length: paragraphs, headings in capitals, and indented lines, which stay as they are. `before` and `from` take one half of it.
    mutating func discussion(_ text: String, before: String? = nil, from: String? = nil) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let mark = lines.firstIndex { $0 == (before ?? from ?? "")[...] } ?? lines.endIndex
        var isFixed = false
        for source in before != nil ? lines[..<mark] : lines[mark...] {
            let isIndented = source.hasPrefix(" ")
            if isIndented != isFixed {
                for request in isIndented ? [".RS 4", ".nf"] : [".fi", ".RE"] { line(request) }
                isFixed = isIndented
            }
            if isIndented {
                line(Self.escaped(String(source.drop { $0 == " " })))
            } else if Self.isHeading(source) {
                section(String(source))
            } else if !source.isEmpty {
                words(String(source))
            }
        }
        if isFixed { for request in [".fi", ".RE"] { line(request) } }
    }

    private static func isHeading(_ line: Substring) -> Bool { !line.isEmpty && line.utf8.allSatisfy { (0x41...0x5A).contains($0) || $0 == 0x20 } }

    /// Text with what stands in backticks set bold.
    private static func marked(_ text: String) -> String {
        let parts = text.split(separator: "`", omittingEmptySubsequences: false)
        let pieces = parts.enumerated().map { index, part in
            index % 2 == 1 && index < parts.count - 1 ? "\\fB\(bare(part))\\fR" : bare(part)
        }
        return guarded(pieces.joined())
    }

    /// Text as roff reads it as text.
    static func escaped(_ text: String) -> String { guarded(bare(text[...])) }

    private static func bare(_ text: Substring) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "\\": result += "\\e"
            case "-": result += "\\-"
            default: result.append(character)
            }
        }
    }

    /// A line that begins like a request is kept from being one.
    private static func guarded(_ line: String) -> String { line.hasPrefix(".") || line.hasPrefix("'") ? "\\&\(line)" : line }
}
