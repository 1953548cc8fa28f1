import TacitWire

/// Bitwarden's JSON export, of a person or an organization.
enum BitwardenJSON {
    static func parse(_ bytes: [UInt8]) throws(FormatError) -> ForeignContent {
        var reader = JSONReader(bytes)
        guard try reader.kind() == .object else { throw reader.error("shape", "this is no Bitwarden export: it is not a JSON object") }
        var folders: [String: String] = [:]
        var items: [BitwardenItem] = []
        var hasItems = false
        try reader.object { (reader, key) throws(FormatError) in
            switch key {
            case "encrypted": if try reader.isSet() { throw encrypted }
            case "folders", "collections": try reader.elements { (reader) throws(FormatError) in try readFolder(&reader, into: &folders) }
            case "items":
                hasItems = true
                try reader.elements { (reader) throws(FormatError) in items.append(try BitwardenItem(&reader, number: items.count + 1)) }
            default: try reader.skip()
            }
        }
        try reader.finish()
        guard hasItems else { throw FormatError("bitwarden.shape", "this is no Bitwarden export: it has no items", at: nil) }
        var content = ForeignContent()
        for item in items { item.add(to: &content, folders: folders) }
        return content
    }

    static let encrypted = FormatError(
        "bitwarden.encrypted", "this export is encrypted, and only Bitwarden can open it",
        hint: "export again in the format `.json`, not `.json (Encrypted)`, or pipe it in: `bw export --raw --format json | tacit import -`", at: nil)

    private static func readFolder(_ reader: inout JSONReader, into folders: inout [String: String]) throws(FormatError) {
        var (id, name) = ("", "")
        try reader.members { (reader, key) throws(FormatError) in
            switch key {
            case "id": id = try reader.text()
            case "name": name = try reader.text()
            default: try reader.skip()
            }
        }
        folders[id] = name
    }
}

/// One item of the export, before its folder's name is known.
struct BitwardenItem {
    private var secret: ForeignSecret
    private var folders: [String] = []
    /// The fields of its kind, those that a person made, and the note.
    private var main: [(name: String, value: WipedBytes?, isPlain: Bool?)] = []
    private var own: [(name: String, value: WipedBytes?, isPlain: Bool?)] = []
    private var notes: WipedBytes?
    private var remarks: [String] = []
    private var isDeleted = false

    init(_ reader: inout JSONReader, number: Int) throws(FormatError) {
        secret = ForeignSecret(title: "", at: .item(number))
        try reader.members { (reader, key) throws(FormatError) in try read(key, &reader) }
    }

    /// Adds the secret that it is.
    func add(to content: inout ForeignContent, folders names: [String: String]) {
        if isDeleted { return content.remark("it is in the trash, and is left out", at: secret.place) }
        for remark in remarks { content.remark(remark, at: secret.place) }
        var secret = secret
        let known = folders.compactMap { names[$0] }
        secret.folders = known.first.map { $0.split(separator: "/").map(String.init) } ?? []
        secret.tags += known.dropFirst()
        let order = ["user", "password", "totp", "url"]
        for name in order { for field in main where field.name == name { add(field, to: &secret) } }
        for field in main where !order.contains(field.name) { add(field, to: &secret) }
        for field in own { add(field, to: &secret) }
        secret.add("notes", notes, .secret)
        content.secrets.append(secret)
    }

    private func add(_ field: (name: String, value: WipedBytes?, isPlain: Bool?), to secret: inout ForeignSecret) {
        secret.add(field.name, field.value, field.isPlain.map { $0 ? .plain : .secret })
    }

    private mutating func read(_ key: String, _ reader: inout JSONReader) throws(FormatError) {
        switch key {
        case "name": secret.title = try reader.text()
        case "folderId": folders.append(try reader.text())
        case "collectionIds": try reader.elements { (reader) throws(FormatError) in folders.append(try reader.text()) }
        case "notes": notes = try reader.value()
        case "favorite": if try reader.isSet() { secret.tags.append("favorite") }
        case "reprompt": if try reader.text() == "1" { secret.tags.append("reprompt") }
        case "archivedDate": if try reader.isSet() { secret.tags.append("archived") }
        case "deletedDate": isDeleted = try reader.isSet()
        case "login": try reader.members { (reader, key) throws(FormatError) in try readLogin(key, &reader) }
        case "card", "identity", "sshKey":
            try reader.members { (reader, key) throws(FormatError) in
                main.append((Self.dashed(key), try reader.value(), !Self.secretKeys.contains(key)))
            }
        case "secureNote": try reader.skip()
        case "fields": try reader.elements { (reader) throws(FormatError) in try readField(&reader) }
        case "passwordHistory": if try reader.isSet() { remarks.append("passwords of before are left out") }
        case "attachments": if try reader.isSet() { remarks.append("attachments are left out") }
        case "type": if let type = Int(try reader.text()), !(1...5).contains(type) { remarks.append("the kind of the item is not known here") }
        case "id", "organizationId", "creationDate", "revisionDate", "key", "edit", "viewPassword", "object", "permissions": try reader.skip()
        default: if try reader.isSet() { remarks.append("it has a part that is not known here, which is left out") }
        }
    }

    /// What is secret of a card, an identity and an SSH key.
    private static let secretKeys: Set<String> = ["number", "code", "ssn", "passportNumber", "licenseNumber", "privateKey"]

    private mutating func readLogin(_ key: String, _ reader: inout JSONReader) throws(FormatError) {
        switch key {
        case "username": main.append(("user", try reader.value(), nil))
        case "password", "totp": main.append((key, try reader.value(), false))
        case "uris":
            try reader.elements { (reader) throws(FormatError) in
                try reader.members { (reader, key) throws(FormatError) in
                    if key == "uri" { main.append(("url", try reader.value(), nil)) } else { try reader.skip() }
                }
            }
        case "fido2Credentials": if try reader.isSet() { remarks.append("a passkey is left out") }
        default: try reader.skip()
        }
    }

    private mutating func readField(_ reader: inout JSONReader) throws(FormatError) {
        var (name, type) = ("", "")
        var value: WipedBytes?
        try reader.members { (reader, key) throws(FormatError) in
            switch key {
            case "name": name = try reader.text()
            case "value": value = try reader.value()
            case "type": type = try reader.text()
            default: try reader.skip()
            }
        }
        switch type {
        // A text may be a key as well as a place: its name decides.
        case "0": own.append((name, value, nil))
        case "1": own.append((name, value, false))
        case "2": own.append((name, value, true))
        case "3": remarks.append("a field that shows another is left out")
        default:
            remarks.append("the kind of a field is not known here, and is taken for hidden")
            own.append((name, value, false))
        }
    }

    /// `passportNumber` as `passport-number`.
    private static func dashed(_ key: String) -> String {
        key.reduce(into: "") { text, character in text += character.isUppercase ? "-" + character.lowercased() : String(character) }
    }
}
