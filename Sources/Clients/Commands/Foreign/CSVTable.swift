/// A table of comma-separated values whose first line names its columns (RFC 4180), strictly.
///
/// Cells are bytes, and are kept exactly: what a spreadsheet takes for a formula is a text like any other. Nothing is copied before it is asked for.
struct CSVTable {
    private let bytes: [UInt8]
    private let header: Row
    private(set) var rows: [Row] = []

    struct Row {
        /// The line on which it begins, from 1.
        var line: Int
        fileprivate var cells: [Cell] = []
    }

    fileprivate struct Cell {
        var range: Range<Int>
        /// Whether a quote is written twice in it.
        var hasQuotes = false
    }

    /// Whether the first line names all of these columns.
    static func isHeaded(_ bytes: [UInt8], by names: [String]) -> Bool {
        var scanner = Scanner(bytes)
        guard let header = try? scanner.row() else { return false }
        let table = CSVTable(bytes, header: header)
        return names.allSatisfy { table.column($0) != nil }
    }

    init(_ bytes: [UInt8]) throws(FormatError) {
        guard !bytes.starts(with: [0xFF, 0xFE]), !bytes.starts(with: [0xFE, 0xFF]) else {
            throw FormatError("csv.utf16", "the file is UTF-16 text", hint: "save it as UTF-8", at: FilePosition(line: 1))
        }
        var scanner = Scanner(bytes)
        guard let header = try scanner.row() else { throw FormatError("csv.empty", "the file is empty", at: nil) }
        self.init(bytes, header: header)
        // What is wrong with single rows is told together. Behind a quote that is not as it must be, a line may be a part of a value.
        var faults: [FormatError] = []
        do throws(FormatError) {
            while let row = try scanner.row() {
                // Exports end with empty lines, or have some between.
                if row.cells.count == 1, row.cells[0].range.isEmpty, header.cells.count > 1 { continue }
                if row.cells.count == header.cells.count { rows.append(row) } else { faults.append(miscounted(row)) }
            }
        } catch { faults.append(error) }
        if let first = faults.first { throw first.with(faults.dropFirst()) }
    }

    private func miscounted(_ row: Row) -> FormatError {
        FormatError(
            "csv.cells", "the row has \(row.cells.count) cells, where the first line has \(header.cells.count)",
            hint: "a value with a comma or a line break stands in double quotes", at: FilePosition(line: row.line))
    }

    private init(_ bytes: [UInt8], header: Row) {
        self.bytes = bytes
        self.header = header
    }

    var columnCount: Int { header.cells.count }

    /// The position of the first column of one of these names, in any case.
    func column(_ names: String...) -> Int? {
        names.lazy.compactMap { name in
            header.cells.indices.first { bytes[header.cells[$0].range].lazy.map(Self.lowered).elementsEqual(name.utf8) }
        }.first
    }

    /// The name of a column as it is written.
    func name(of column: Int) -> String { String(decoding: content(header.cells[column]), as: UTF8.self) }

    /// A cell that is a value; nil when it is empty or there is no such column.
    func value(_ row: Row, _ column: Int?) -> WipedBytes? {
        guard let column, !row.cells[column].range.isEmpty else { return nil }
        return WipedBytes(content(row.cells[column]))
    }

    /// A cell that is no value: a title, tags.
    func text(_ row: Row, _ column: Int?) -> String {
        guard let column else { return "" }
        return String(decoding: content(row.cells[column]), as: UTF8.self)
    }

    /// Whether a cell is this text, in any case.
    func isText(_ row: Row, _ column: Int?, _ text: String) -> Bool {
        column.map { bytes[row.cells[$0].range].lazy.map(Self.lowered).elementsEqual(text.utf8) } ?? false
    }

    /// Looks at the written bytes of every cell.
    func forEachCell(_ body: (ArraySlice<UInt8>) -> Void) {
        for row in rows { for cell in row.cells { body(bytes[cell.range]) } }
    }

    private func content(_ cell: Cell) -> [UInt8] {
        guard cell.hasQuotes else { return Array(bytes[cell.range]) }
        var content: [UInt8] = []
        // Never longer than what is written, so that the buffer never moves.
        content.reserveCapacity(cell.range.count)
        var index = cell.range.lowerBound
        while index < cell.range.upperBound {
            content.append(bytes[index])
            index += bytes[index] == UInt8(ascii: "\"") ? 2 : 1
        }
        return content
    }

    private static func lowered(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte + 32 : byte }
}

/// Finds the cells of one row after the other.
private struct Scanner {
    private let bytes: [UInt8]
    private var position = 0
    private var line = 1

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    /// The next row; nil at the end.
    mutating func row() throws(FormatError) -> CSVTable.Row? {
        guard position < bytes.count else { return nil }
        var row = CSVTable.Row(line: line)
        row.cells.append(try cell())
        while position < bytes.count, bytes[position] == UInt8(ascii: ",") {
            position += 1
            row.cells.append(try cell())
        }
        if position < bytes.count { position += bytes[position] == UInt8(ascii: "\r") ? 2 : 1 }
        line += 1
        return row
    }

    private mutating func cell() throws(FormatError) -> CSVTable.Cell {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { return try unquoted() }
        let (start, begun) = (position + 1, line)
        var cell = CSVTable.Cell(range: start..<start)
        position = start
        while true {
            guard position < bytes.count else { throw error("open-quote", "the quote that begins on this line has no end", line: begun) }
            if bytes[position] == UInt8(ascii: "\n") { line += 1 }
            guard bytes[position] == UInt8(ascii: "\"") else {
                position += 1
                continue
            }
            guard position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "\"") else { break }
            cell.hasQuotes = true
            position += 2
        }
        cell.range = start..<position
        position += 1
        guard isEnd(position) else {
            throw error("after-quote", "something follows a closing quote", hint: "a quote that belongs to the value is written twice", line: line)
        }
        return cell
    }

    private mutating func unquoted() throws(FormatError) -> CSVTable.Cell {
        let start = position
        while !isEnd(position) {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                throw error(
                    "quote", "a quote stands in a value without quotes", hint: "the value stands in quotes then, with this one written twice",
                    line: line)
            case UInt8(ascii: "\r"):
                throw error("carriage-return", "a carriage return stands in the line", hint: "save the file with LF or CRLF line ends", line: line)
            default: position += 1
            }
        }
        return CSVTable.Cell(range: start..<position)
    }

    /// Whether a cell ends here.
    private func isEnd(_ index: Int) -> Bool {
        guard index < bytes.count else { return true }
        switch bytes[index] {
        case UInt8(ascii: ","), UInt8(ascii: "\n"): return true
        case UInt8(ascii: "\r"): return index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "\n")
        default: return false
        }
    }

    private func error(_ code: String, _ message: String, hint: String? = nil, line: Int) -> FormatError {
        FormatError("csv.\(code)", message, hint: hint, at: FilePosition(line: line))
    }
}
