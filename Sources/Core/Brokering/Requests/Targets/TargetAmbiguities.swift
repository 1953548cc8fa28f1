/// All in a target that could be read in two ways.
struct TargetAmbiguities: OptionSet, Sendable {
    let rawValue: UInt32

    static let encodedControl = TargetAmbiguities(rawValue: 1)
    static let backslash = TargetAmbiguities(rawValue: 2)
    static let doubleEncoded = TargetAmbiguities(rawValue: 4)
    static let badUTF8 = TargetAmbiguities(rawValue: 8)
    static let lookalike = TargetAmbiguities(rawValue: 16)
    static let dotSegment = TargetAmbiguities(rawValue: 32)
    static let emptySegment = TargetAmbiguities(rawValue: 64)
    static let encodedSlash = TargetAmbiguities(rawValue: 128)
    static let parameter = TargetAmbiguities(rawValue: 256)
    static let notASCII = TargetAmbiguities(rawValue: 512)
    static let illegalCharacter = TargetAmbiguities(rawValue: 1024)
    static let encodedUnreserved = TargetAmbiguities(rawValue: 2048)
    static let wholeServer = TargetAmbiguities(rawValue: 4096)
    static let queryBadEscape = TargetAmbiguities(rawValue: 8192)
    static let queryEncodedControl = TargetAmbiguities(rawValue: 16384)
    static let queryNotASCII = TargetAmbiguities(rawValue: 32768)

    /// The reason that tells most; nil where nothing could be read in two ways.
    var refusal: RequestRefusal? { isEmpty ? nil : Self.reasons.first { contains($0.0) }?.1 }

    private static let reasons: [(TargetAmbiguities, RequestRefusal)] = [
        (.wholeServer, .targetForm), (.encodedControl, .pathEncodedControl), (.backslash, .pathBackslash), (.doubleEncoded, .pathDoubleEncoded),
        (.badUTF8, .pathBadUTF8), (.lookalike, .pathLookalike), (.dotSegment, .pathDotSegment), (.emptySegment, .pathEmptySegment),
        (.encodedSlash, .pathEncodedSlash), (.parameter, .pathParameter), (.notASCII, .pathNotASCII), (.illegalCharacter, .pathIllegalCharacter),
        (.encodedUnreserved, .pathEncodedUnreserved), (.queryBadEscape, .queryBadEscape), (.queryEncodedControl, .queryEncodedControl),
        (.queryNotASCII, .queryNotASCII),
    ]
}
