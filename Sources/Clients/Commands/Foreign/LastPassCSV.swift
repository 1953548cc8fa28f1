import TacitWire

/// LastPass's CSV export: `url,username,password,totp,extra,name,grouping,fav`; without `totp` when it is old.
enum LastPassCSV {
    static let columns = ["url", "username", "password", "extra", "name", "grouping"]

    /// `isLiteral` keeps `&amp;` and the like as they are written, whatever the rest of the file looks like.
    static func parse(_ bytes: [UInt8], isLiteral: Bool) throws(FormatError) -> ForeignContent {
        let table = try CSVTable(bytes)
        guard columns.allSatisfy({ table.column($0) != nil }) else {
            throw FormatError(
                "lastpass.columns", "the first line does not name the columns of a LastPass export",
                hint: "they are url, username, password, totp, extra, name, grouping and fav", at: FilePosition(line: 1))
        }
        var content = ForeignContent()
        let isEscaped = !isLiteral && HTMLText.isWritten(in: table)
        if isEscaped {
            content.remark("the file is HTML-escaped, as old exports are: `&amp;` is taken for `&`. With `--literal` nothing is", at: .line(1))
        }
        let reading = Reading(table: table, isEscaped: isEscaped)
        for row in table.rows { reading.take(row, into: &content) }
        return content
    }

    private struct Reading {
        let table: CSVTable
        let isEscaped: Bool

        func take(_ row: CSVTable.Row, into content: inout ForeignContent) {
            // Rows of this kind only name a folder.
            if table.isText(row, table.column("url"), "http://group") { return }
            let place = ForeignSecret.Place.line(row.line)
            var secret = ForeignSecret(title: text(row, "name"), at: place)
            secret.folders = text(row, "grouping").split(separator: "\\").map(String.init)
            if table.isText(row, table.column("fav"), "1") { secret.tags = ["favorite"] }
            secret.add("user", value(row, "username"))
            secret.add("password", value(row, "password"), .secret)
            secret.add("totp", value(row, "totp"), .secret)
            let isNote = table.isText(row, table.column("url"), "http://sn")
            if !isNote { secret.add(address: value(row, "url")) }
            if let extra = value(row, "extra") {
                if isNote, LastPassNote.isFormed(extra.bytes) {
                    LastPassNote.read(extra.bytes, into: &secret)
                } else {
                    secret.add("notes", extra, .secret)
                }
            }
            content.secrets.append(secret)
        }

        private func value(_ row: CSVTable.Row, _ name: String) -> WipedBytes? {
            guard let value = table.value(row, table.column(name)) else { return nil }
            return isEscaped ? WipedBytes(HTMLText.unescaped(value.bytes)) : value
        }

        private func text(_ row: CSVTable.Row, _ name: String) -> String {
            let text = table.text(row, table.column(name))
            return isEscaped ? String(decoding: HTMLText.unescaped(Array(text.utf8)), as: UTF8.self) : text
        }
    }
}

/// Text in which `&`, `<`, `>` and quotes stand as entities.
enum HTMLText {
    private static let entities: [(text: [UInt8], byte: UInt8)] = [
        (Array("&amp;".utf8), UInt8(ascii: "&")), (Array("&lt;".utf8), UInt8(ascii: "<")), (Array("&gt;".utf8), UInt8(ascii: ">")),
        (Array("&quot;".utf8), UInt8(ascii: "\"")), (Array("&#39;".utf8), UInt8(ascii: "'")), (Array("&#039;".utf8), UInt8(ascii: "'")),
    ]

    /// Whether a whole table is written so: it has entities, and none of the characters that they stand for.
    static func isWritten(in table: CSVTable) -> Bool {
        var (hasEntities, hasBare) = (false, false)
        table.forEachCell { cell in
            var index = cell.startIndex
            while index < cell.endIndex {
                switch cell[index] {
                case UInt8(ascii: "&"):
                    guard let entity = entity(at: index, in: cell) else { return hasBare = true }
                    hasEntities = true
                    index += entity.text.count
                case UInt8(ascii: "<"), UInt8(ascii: ">"): return hasBare = true
                default: index += 1
                }
            }
        }
        return hasEntities && !hasBare
    }

    static func unescaped(_ bytes: [UInt8]) -> [UInt8] {
        var plain: [UInt8] = []
        // Never longer than what is written, so that the buffer never moves.
        plain.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            let found = bytes[index] == UInt8(ascii: "&") ? entity(at: index, in: bytes[...]) : nil
            plain.append(found?.byte ?? bytes[index])
            index += found?.text.count ?? 1
        }
        return plain
    }

    private static func entity(at index: Int, in cell: ArraySlice<UInt8>) -> (text: [UInt8], byte: UInt8)? {
        entities.first { cell[index...].starts(with: $0.text) }
    }
}

/// A note of LastPass's with fields of its own: lines of `Key:Value`, the first of which is `NoteType:…`, and free text behind `Notes:`.
enum LastPassNote {
    static func isFormed(_ bytes: [UInt8]) -> Bool { bytes.starts(with: "NoteType:".utf8) }

    static func read(_ bytes: [UInt8], into secret: inout ForeignSecret) {
        var open: (name: String, start: Int, end: Int)?
        var (start, isKey) = (0, false)
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            let line = bytes[start..<end]
            // The lines of a key may look like `Proc-Type: 4,ENCRYPTED`.
            if !isKey, open?.name != "Notes", let (name, value) = split(line) {
                close(open, bytes, &secret)
                open = (name, value, end)
            } else {
                open?.end = end
            }
            if line.firstRange(of: "-----BEGIN ".utf8) != nil { isKey = true }
            if line.firstRange(of: "-----END ".utf8) != nil { isKey = false }
            start = end + 1
        }
        close(open, bytes, &secret)
    }

    private static func close(_ open: (name: String, start: Int, end: Int)?, _ bytes: [UInt8], _ secret: inout ForeignSecret) {
        guard let open, open.name != "NoteType", open.name != "Language", open.start < open.end else { return }
        let isNotes = open.name == "Notes"
        secret.add(isNotes ? "notes" : open.name.lowercased(), WipedBytes(Array(bytes[open.start..<open.end])), isNotes ? .secret : nil)
    }

    /// A line's key, and where its value begins; nil when it goes on with the value before.
    private static func split(_ line: ArraySlice<UInt8>) -> (name: String, value: Int)? {
        guard let colon = line.prefix(40).firstIndex(of: UInt8(ascii: ":")), let first = line.first, (0x41...0x5A).contains(first) else { return nil }
        guard line[..<colon].allSatisfy({ NameShape.isLetter($0) || NameShape.isDigit($0) || " -_()/".utf8.contains($0) }) else { return nil }
        return (String(decoding: line[..<colon], as: UTF8.self), colon + 1)
    }
}
