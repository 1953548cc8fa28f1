import TacitWire

/// 1Password's CSV export: `Title,Url,Username,Password,OTPAuth,Favorite,Archived,Tags,Notes`, and the older ones with other columns and orders.
enum OnePasswordCSV {
    /// The columns that every such export has.
    static let columns = ["title", "username", "password"]

    static func parse(_ bytes: [UInt8]) throws(FormatError) -> ForeignContent {
        let table = try CSVTable(bytes)
        let columns = Columns(table)
        guard columns.title != nil, columns.password != nil else {
            throw FormatError(
                "1password.columns", "the first line does not name the columns of a 1Password export: Title and Password, at least",
                hint: "export again as CSV with all fields, or say another `--format`", at: FilePosition(line: 1))
        }
        var content = ForeignContent()
        for row in table.rows { content.secrets.append(columns.secret(of: row, in: table)) }
        return content
    }

    private struct Columns {
        var title, url, user, password, code, favorite, archived, tags, notes, type, vault: Int?
        /// Those that have no meaning here, and become fields of their names.
        var others: [(position: Int, name: String)]

        init(_ table: CSVTable) {
            title = table.column("title", "name")
            url = table.column("url", "urls", "website", "location")
            user = table.column("username", "user")
            password = table.column("password")
            code = table.column("otpauth", "one-time password", "otp")
            favorite = table.column("favorite", "favourite")
            archived = table.column("archived")
            tags = table.column("tags")
            notes = table.column("notes", "notesplain")
            type = table.column("type")
            vault = table.column("vault")
            let known = [title, url, user, password, code, favorite, archived, tags, notes, type, vault]
            others = (0..<table.columnCount).filter { !known.contains($0) }.map { ($0, table.name(of: $0)) }
        }

        func secret(of row: CSVTable.Row, in table: CSVTable) -> ForeignSecret {
            var secret = ForeignSecret(title: table.text(row, title), at: .line(row.line))
            secret.folders = [table.text(row, vault)]
            secret.tags = table.text(row, tags).split { $0 == "," || $0 == ";" }.map(String.init)
            for (column, tag) in [(favorite, "favorite"), (archived, "archived")] {
                if ["true", "1", "yes"].contains(where: { table.isText(row, column, $0) }) { secret.tags.append(tag) }
            }
            secret.add("user", table.value(row, user))
            secret.add("password", table.value(row, password), .secret)
            secret.add("totp", table.value(row, code), .secret)
            secret.add(address: table.value(row, url))
            for other in others { secret.add(other.name, table.value(row, other.position)) }
            secret.add("notes", table.value(row, notes), .secret)
            return secret
        }
    }
}
