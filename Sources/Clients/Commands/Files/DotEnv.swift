/// Files of environment variables (`.env`), in the dialects that people have.
///
/// A line is `NAME=value`, with `export` before it or not, or a comment. Values are bytes, and each lies in a buffer of its own which the caller wipes;
/// when reading fails, what was read is wiped.
package enum DotEnv {
    /// One variable of a file.
    package struct Item: Sendable, Equatable {
        package var name: String
        package var value: [UInt8]
        /// The line on which its name stands, from 1.
        package var line: Int

        package init(name: String, value: [UInt8], line: Int = 0) {
            self.name = name
            self.value = value
            self.line = line
        }
    }

    /// What to do with a name that comes twice.
    package enum Duplicates: Sendable {
        case refuse
        /// As shells do: the later value stands, in the place of the first.
        case lastWins
    }

    /// The variables of a file in its order, and what a person should know of how they were read.
    package struct Content: Sendable, Equatable {
        package var items: [Item] = []
        package var warnings: [Warning] = []

        /// Overwrites all values.
        package mutating func wipe() {
            for index in items.indices { items[index].value.wipe() }
            items = []
        }
    }

    /// Something that another reader of the same file would have understood differently.
    package struct Warning: Sendable, Equatable {
        package let line: Int
        package let kind: Kind

        package init(line: Int, kind: Kind) {
            self.line = line
            self.kind = kind
        }

        package enum Kind: Sendable, Equatable {
            /// A `$` that shells expand.
            case notExpanded
            /// The name came before, on this line.
            case overridden(line: Int)
        }

        package var message: String {
            switch kind {
            case .notExpanded: "`$` is kept as it is written: nothing is expanded"
            case .overridden(let first): "the value replaces that of line \(first)"
            }
        }
    }

    /// The largest value, in bytes.
    package static let maximumValueByteCount = 1 << 20

    /// Whether a text is a name that such files can hold: letters, digits, `_`, `.` and `-`, a letter or `_` first, 256 characters at most.
    package static func isName(_ name: some Collection<UInt8>) -> Bool {
        guard let first = name.first, NameShape.isLetter(first) || first == UInt8(ascii: "_") else { return false }
        return name.count <= 256 && name.allSatisfy(isNameByte)
    }

    static func isNameByte(_ byte: UInt8) -> Bool {
        NameShape.isLetter(byte) || NameShape.isDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
    }
}
