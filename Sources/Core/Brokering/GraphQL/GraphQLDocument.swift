import Policies

/// What the operations in a GraphQL document (October 2021, 2.2) ask for at the root, all of them together: which one a service chooses is its matter.
///
/// It is read to its last token, and is unclear where a part of it is anything else than an operation or a fragment.
struct GraphQLDocument {
    /// Deeper ones are refused: nobody asks so, and readers differ in how deep they look.
    static let maximumDepth = 64

    private var lexer: GraphQLLexer
    private var token = GraphQLToken.end
    private var depth = 0
    private var operations: [(kind: GraphQLOperation.Kind, selection: Selection)] = []
    private var fragments: [String: Selection] = [:]

    /// What stands at one level: fields by their own names, and the fragments whose fields belong there, too.
    private struct Selection {
        var fields: Set<String> = []
        var spreads: Set<String> = []
    }

    /// Nil where nobody can say for sure.
    static func operations(in document: [UInt8]) -> Set<GraphQLOperation>? {
        do throws(UnclearGraphQL) {
            var reader = GraphQLDocument(lexer: try GraphQLLexer(document))
            return try reader.read()
        } catch { return nil }
    }

    private init(lexer: GraphQLLexer) { self.lexer = lexer }

    private mutating func read() throws(UnclearGraphQL) -> Set<GraphQLOperation> {
        try advance()
        while token != .end { try definition() }
        var asked: Set<GraphQLOperation> = []
        for (kind, selection) in operations {
            for field in try fields(of: selection) {
                guard let operation = GraphQLOperation(kind, field: field) else { throw UnclearGraphQL() }
                asked.insert(operation)
            }
        }
        guard (1...GraphQLOperation.most).contains(asked.count) else { throw UnclearGraphQL() }
        return asked
    }

    /// The fields of a selection and of the fragments in it, each of which is looked into once.
    private func fields(of selection: Selection) throws(UnclearGraphQL) -> Set<String> {
        var fields = selection.fields
        var (open, seen) = (Array(selection.spreads), selection.spreads)
        while let name = open.popLast() {
            guard let fragment = fragments[name] else { throw UnclearGraphQL() }
            fields.formUnion(fragment.fields)
            open += fragment.spreads.filter { seen.insert($0).inserted }
        }
        return fields
    }

    // MARK: Definitions

    private mutating func definition() throws(UnclearGraphQL) {
        if token == .mark("{") { return operations.append((.query, try selections())) }
        let word = try name()
        guard word != "fragment" else { return try fragment() }
        guard let kind = GraphQLOperation.Kind(rawValue: word) else { throw UnclearGraphQL() }
        if case .name = token { try advance() }
        try variables()
        try directives()
        operations.append((kind, try selections()))
    }

    private mutating func fragment() throws(UnclearGraphQL) {
        let name = try name()
        guard name != "on", fragments[name] == nil, try self.name() == "on" else { throw UnclearGraphQL() }
        _ = try self.name()
        try directives()
        fragments[name] = try selections()
    }

    private mutating func variables() throws(UnclearGraphQL) {
        try list(from: "(", to: ")") { reader throws(UnclearGraphQL) in
            try reader.expect(.mark("$"))
            _ = try reader.name()
            try reader.expect(.mark(":"))
            try reader.type()
            if try reader.take(.mark("=")) { try reader.value() }
            try reader.directives()
        }
    }

    private mutating func type() throws(UnclearGraphQL) {
        try deeper { reader throws(UnclearGraphQL) in
            if try reader.take(.mark("[")) {
                try reader.type()
                try reader.expect(.mark("]"))
            } else {
                _ = try reader.name()
            }
        }
        _ = try take(.mark("!"))
    }

    // MARK: Selections

    private mutating func selections() throws(UnclearGraphQL) -> Selection {
        var selection = Selection()
        guard token == .mark("{") else { throw UnclearGraphQL() }
        try deeper { reader throws(UnclearGraphQL) in
            try reader.list(from: "{", to: "}") { reader throws(UnclearGraphQL) in
                if try reader.take(.spread) { try reader.spread(into: &selection) } else { selection.fields.insert(try reader.field()) }
            }
        }
        return selection
    }

    private mutating func spread(into selection: inout Selection) throws(UnclearGraphQL) {
        if case .name(let name) = token, name != "on" {
            try advance()
            selection.spreads.insert(name)
            return try directives()
        }
        if try take(.name("on")) { _ = try name() }
        try directives()
        let inner = try selections()
        selection.fields.formUnion(inner.fields)
        selection.spreads.formUnion(inner.spreads)
    }

    /// The field's own name, behind its alias.
    private mutating func field() throws(UnclearGraphQL) -> String {
        var field = try name()
        if try take(.mark(":")) { field = try name() }
        try arguments()
        try directives()
        if token == .mark("{") { _ = try selections() }
        return field
    }

    private mutating func directives() throws(UnclearGraphQL) {
        while try take(.mark("@")) {
            _ = try name()
            try arguments()
        }
    }

    private mutating func arguments() throws(UnclearGraphQL) {
        try list(from: "(", to: ")") { reader throws(UnclearGraphQL) in try reader.pair() }
    }

    private mutating func pair() throws(UnclearGraphQL) {
        _ = try name()
        try expect(.mark(":"))
        try value()
    }

    private mutating func value() throws(UnclearGraphQL) {
        switch token {
        case .number, .text, .name: try advance()
        case .mark(UInt8(ascii: "$")):
            try advance()
            _ = try name()
        case .mark(UInt8(ascii: "[")):
            try deeper { reader throws(UnclearGraphQL) in
                try reader.list(from: "[", to: "]", mayBeEmpty: true) { reader throws(UnclearGraphQL) in try reader.value() }
            }
        case .mark(UInt8(ascii: "{")):
            try deeper { reader throws(UnclearGraphQL) in
                try reader.list(from: "{", to: "}", mayBeEmpty: true) { reader throws(UnclearGraphQL) in try reader.pair() }
            }
        default: throw UnclearGraphQL()
        }
    }

    // MARK: Tokens

    private mutating func advance() throws(UnclearGraphQL) { token = try lexer.next() }

    private mutating func take(_ wanted: GraphQLToken) throws(UnclearGraphQL) -> Bool {
        guard token == wanted else { return false }
        try advance()
        return true
    }

    private mutating func expect(_ wanted: GraphQLToken) throws(UnclearGraphQL) {
        guard try take(wanted) else { throw UnclearGraphQL() }
    }

    private mutating func name() throws(UnclearGraphQL) -> String {
        guard case .name(let name) = token else { throw UnclearGraphQL() }
        try advance()
        return name
    }

    private mutating func deeper(_ body: (inout GraphQLDocument) throws(UnclearGraphQL) -> Void) throws(UnclearGraphQL) {
        guard depth < Self.maximumDepth else { throw UnclearGraphQL() }
        depth += 1
        try body(&self)
        depth -= 1
    }

    /// What stands between two marks; nothing where the first is not there.
    private mutating func list(
        from first: Unicode.Scalar, to last: Unicode.Scalar, mayBeEmpty: Bool = false,
        _ element: (inout GraphQLDocument) throws(UnclearGraphQL) -> Void
    ) throws(UnclearGraphQL) {
        guard try take(.mark(first)) else { return }
        if mayBeEmpty, try take(.mark(last)) { return }
        repeat { try element(&self) } while try !take(.mark(last))
    }
}
