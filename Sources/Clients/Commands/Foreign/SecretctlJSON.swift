import TacitWire

/// What `secretctl export` writes: `{"NAME": "value"}`, with `--with-metadata` `{"NAME": {"value": …, "tags": […], …}}`, or a .env file.
enum SecretctlJSON {
    static func parse(_ bytes: [UInt8]) throws(FormatError) -> ForeignContent {
        guard bytes.first(where: { !" \t\r\n".utf8.contains($0) }) == UInt8(ascii: "{") else { return try variables(bytes) }
        var content = ForeignContent()
        var reader = JSONReader(bytes)
        guard try reader.kind() == .object else { throw reader.error("shape", "the file is not a JSON object of names and values") }
        try reader.object { (reader, name) throws(FormatError) in
            let place = ForeignSecret.Place.entry(name)
            var secret = ForeignSecret(title: name, at: place)
            // A name is a path of its own.
            secret.folders = name.split(separator: "/").dropLast().map(String.init)
            secret.title = name.split(separator: "/").last.map(String.init) ?? name
            if try reader.kind() == .object {
                try reader.object { (reader, key) throws(FormatError) in try read(key, &reader, of: &secret, &content) }
            } else {
                secret.add("value", try reader.value(), .secret)
            }
            content.secrets.append(secret)
        }
        try reader.finish()
        return content
    }

    private static func read(
        _ key: String, _ reader: inout JSONReader, of secret: inout ForeignSecret, _ content: inout ForeignContent
    ) throws(FormatError) {
        switch key {
        case "value", "notes": secret.add(key, try reader.value(), .secret)
        case "url": secret.add(address: try reader.value())
        case "tags":
            var tags: [String] = []
            try reader.elements { (reader) throws(FormatError) in tags.append(try reader.text()) }
            secret.tags = tags
        case "created_at", "updated_at": try reader.skip()
        case "expires_at":
            if try reader.isSet() { content.remark("the expiry is left out: `tacit renew NAME --expires SPAN` sets one", at: secret.place) }
        default: if try reader.isSet() { content.remark("it has a part that is not known here, which is left out", at: secret.place) }
        }
    }

    private static func variables(_ bytes: [UInt8]) throws(FormatError) -> ForeignContent {
        var content = ForeignContent()
        for item in try DotEnv.parse(bytes).items {
            var secret = ForeignSecret(title: item.name, at: .line(item.line))
            secret.add("value", WipedBytes(item.value), .secret)
            content.secrets.append(secret)
        }
        return content
    }
}
