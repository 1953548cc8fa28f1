/// The first line of a script as Linux reads it (fs/binfmt_script.c): an interpreter and at most one argument, within 255 bytes.
package struct Shebang: Sendable, Equatable {
    /// How much of a file is looked at.
    package static let headerLength = 256

    package var interpreter: String
    /// Everything behind the interpreter, as one argument.
    package var argument: String?

    package init(interpreter: String, argument: String? = nil) {
        self.interpreter = interpreter
        self.argument = argument
    }

    /// Reads the first bytes of a file; nil when it is no script, or its line names no interpreter or cuts it short.
    package init?(header: some Collection<UInt8>) {
        let bytes = Array(header.prefix(Self.headerLength))
        guard bytes.starts(with: "#!".utf8) else { return nil }
        let isBlank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        let rest = bytes.dropFirst(2)
        let end = rest.firstIndex { $0 == UInt8(ascii: "\n") || $0 == 0 }
        let line = rest[..<(end ?? min(bytes.count, Self.headerLength - 1))].drop(while: isBlank)
        let name = line.prefix { !isBlank($0) }
        // Without a line end, an interpreter that fills the rest may have been cut: the kernel refuses it too.
        guard !name.isEmpty, end != nil || name.endIndex < line.endIndex || bytes.count < Self.headerLength else { return nil }
        var tail = line[name.endIndex...].drop(while: isBlank)
        while let last = tail.last, isBlank(last) { tail.removeLast() }
        interpreter = String(decoding: name, as: UTF8.self)
        argument = tail.isEmpty ? nil : String(decoding: tail, as: UTF8.self)
    }

    /// The words that `/usr/bin/env` would execute for this line; nil when it would do more than look a program up.
    package var wordsForEnv: [String]? {
        guard let argument else { return nil }
        if !argument.hasPrefix("-") {
            return argument.contains(where: { "= \t".contains($0) }) ? nil : [argument]
        }
        guard argument.hasPrefix("-S") else { return nil }
        let rest = argument.dropFirst(2)
        guard !rest.contains(where: { "'\"\\$#=".contains($0) }) else { return nil }
        let words = rest.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
        guard let first = words.first, !first.hasPrefix("-") else { return nil }
        return words
    }
}
