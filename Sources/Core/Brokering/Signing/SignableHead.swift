/// The parts of a request's head that a signature can cover, as they are on the wire.
package struct SignableHead: Sendable, Equatable {
    package let method: String
    /// With its escapes.
    package let path: [UInt8]
    /// Without the question mark; nil where there is none.
    package var query: [UInt8]?
    /// With the host among them, wherever the request says it.
    package var fields: [ReceivedHead.Field]

    /// Takes a path and query in one, and the fields.
    package init(method: String, target: [UInt8], fields: [ReceivedHead.Field]) {
        self.method = method
        let mark = target.firstIndex(of: UInt8(ascii: "?"))
        path = Array(target[..<(mark ?? target.endIndex)])
        query = mark.map { Array(target[($0 + 1)...]) }
        self.fields = fields
    }

    /// Path and query.
    package var target: [UInt8] { query.map { path + [UInt8(ascii: "?")] + $0 } ?? path }

    /// The values of a name in lower case, without blanks around them, in their order.
    package func values(of name: String) -> [[UInt8]] { fields.compactMap { $0.name.lowercased() == name ? $0.value.trimmed : nil } }

    /// The one value of a name; nil where there is none.
    func value(of name: String) throws(SignatureRefusal) -> [UInt8]? {
        let values = values(of: name)
        guard values.count <= 1 else { throw .twice }
        return values.first
    }

    /// Puts a value in the place of a field's, behind all others where there is none; nil takes the field away.
    mutating func set(_ name: String, _ value: [UInt8]?) {
        let index = fields.firstIndex { $0.name.lowercased() == name }
        switch (index, value) {
        case (let index?, let value?): fields[index].value = value
        case (let index?, nil): fields.remove(at: index)
        case (nil, let value?): fields.append(.init(name, value))
        case (nil, nil): break
        }
    }
}

extension [UInt8] {
    /// Without blanks and tabs around it.
    var trimmed: [UInt8] {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        guard first.map(isBlank) == true || last.map(isBlank) == true else { return self }
        var rest = drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return Array(rest)
    }
}
