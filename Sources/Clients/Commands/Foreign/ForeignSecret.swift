import TacitWire

/// A secret as another program's file has it, before it has a name that can be stored.
struct ForeignSecret {
    /// The folders it lies in, the outermost first.
    var folders: [String] = []
    /// What it is called there: any text, or none.
    var title: String
    var tags: [String] = []
    private(set) var fields: [Field] = []
    let place: Place

    struct Field {
        var name: String
        var kind: FieldSummary.Kind
        var value: WipedBytes
    }

    /// Where in the file it stands.
    enum Place: Hashable {
        case line(Int)
        /// The position among the file's items, from 1.
        case item(Int)
        /// The name of a file in a store, or of a key.
        case entry(String)
    }

    init(title: String, at place: Place) {
        self.title = title
        self.place = place
    }

    /// Adds a field, unless it is empty. Without a kind the name decides.
    mutating func add(_ name: String, _ value: WipedBytes?, _ kind: FieldSummary.Kind? = nil) {
        guard let value, !value.isEmpty else { return }
        fields.append(Field(name: name, kind: kind ?? FieldKinds.kind(of: name, holding: value.bytes), value: value))
    }

    /// Adds an address, which is plain unless it carries a password.
    mutating func add(address: WipedBytes?) { add("url", address) }
}

/// What a file of another program holds.
struct ForeignContent {
    var secrets: [ForeignSecret] = []
    /// What was not understood, or was left out.
    var remarks: [Remark] = []

    struct Remark {
        var place: ForeignSecret.Place
        var text: String
    }

    mutating func remark(_ text: String, at place: ForeignSecret.Place) { remarks.append(Remark(place: place, text: text)) }

    /// One sentence for each kind of remark, with the places it is about.
    var sentences: [String] {
        var places: [String: [ForeignSecret.Place]] = [:]
        var order: [String] = []
        for remark in remarks {
            if places[remark.text] == nil { order.append(remark.text) }
            places[remark.text, default: []].append(remark.place)
        }
        return order.map { text in "\(ForeignSecret.Place.list(places[text] ?? [])): \(text)" }
    }
}

extension ForeignSecret.Place {
    private static let mostShown = 8

    /// `line 3`, `items 3, 4 and 7`, or as many as can be read and the number of the rest.
    static func list(_ places: [Self]) -> String {
        let shown = places.prefix(mostShown).map(\.text)
        let word = places.count == 1 ? places[0].word : places[0].word + "s"
        guard places.count > mostShown else { return "\(word) \(shown.joined(separator: ", "))" }
        return "\(word) \(shown.joined(separator: ", ")) and \(places.count - mostShown) more"
    }

    private var word: String {
        switch self {
        case .line: "line"
        case .item: "item"
        case .entry: "name"
        }
    }

    private var text: String {
        switch self {
        case .line(let number), .item(let number): "\(number)"
        case .entry(let name): name.printable
        }
    }
}

/// Which fields are secret, where the file they come from does not say it.
enum FieldKinds {
    /// The names of what is looked up rather than hidden. Everything else is secret: a field that is hidden for nothing costs little.
    private static let plainNames: Set<String> = [
        "user", "username", "user-name", "login", "email", "e-mail", "host", "hostname", "server", "port", "database", "db", "domain", "url", "uri",
        "website", "address", "region",
    ]

    static func kind(of name: String, holding value: [UInt8]) -> FieldSummary.Kind {
        guard plainNames.contains(base(name)), !hasCredentials(value) else { return .secret }
        return .plain
    }

    /// A name in lower case, with `-` between its words and without a number at its end.
    private static func base(_ name: String) -> String {
        let name = ForeignNames.segment(name).lowercased()
        guard let dash = name.lastIndex(of: "-"), Int(name[name.index(after: dash)...]) != nil else { return name }
        return String(name[..<dash])
    }

    /// Whether an address has a password (`scheme://user:password@host`), or something that is called a token or key in its query.
    private static func hasCredentials(_ value: [UInt8]) -> Bool {
        guard let start = value.firstRange(of: "://".utf8)?.upperBound else { return false }
        let authority = value[start...].prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        return authority.contains(UInt8(ascii: "@")) || value[start...].contains(UInt8(ascii: "?")) || value[start...].contains(UInt8(ascii: "#"))
    }
}
