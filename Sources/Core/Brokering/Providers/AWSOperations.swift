/// Operations of AWS whose answers hold credentials, new ones or stored ones in clear: nothing goes there, since nothing seals such an answer yet.
///
/// Facts are from the services' public documentation, as of November 2026.
enum AWSOperations {
    /// Says whether the answer to a signed request may hold credentials.
    ///
    /// - Parameter form: the body, where it is a form: services of that protocol have the operation in it.
    static func givesCredentials(_ head: SignableHead, to service: String, form: [UInt8]?) -> Bool {
        let query = pairs(head.query ?? [])
        let named = (query + pairs(form ?? [])).filter { $0.name == "action" }.map(\.value)
        // `X-Amz-Target: SERVICE_VERSION.OPERATION`
        let targets = head.values(of: "x-amz-target").map { text(Array($0.split(separator: UInt8(ascii: ".")).last ?? [])) }
        let operations = named + targets
        if let harmless = harmless[service] { return operations.isEmpty || !operations.allSatisfy(harmless.contains) }
        if let giving = giving[service], operations.contains(where: giving.contains) { return true }
        let path = text(head.path)
        return switch service {
        case "s3", "s3express": query.contains { $0.name == "session" } || path.contains("accessgrantsinstance/dataaccess")
        case "codeartifact": path.hasPrefix("/v1/authorization-token")
        default: false
        }
    }

    /// Of a service that is there to give credentials, what does not.
    private static let harmless: [String: Set<String>] = ["sts": ["getcalleridentity", "getaccesskeyinfo", "decodeauthorizationmessage"]]

    private static let giving: [String: Set<String>] = [
        "iam": ["createaccesskey", "createservicespecificcredential", "resetservicespecificcredential"],
        "ecr": ["getauthorizationtoken"], "ecr-public": ["getauthorizationtoken"],
        "secretsmanager": ["getsecretvalue", "batchgetsecretvalue"],
        "cognito-identity": ["getcredentialsforidentity", "getopenidtoken", "getopenidtokenfordeveloperidentity"],
        "cognito-idp": ["initiateauth", "admininitiateauth", "respondtoauthchallenge", "adminrespondtoauthchallenge", "gettokensfromrefreshtoken"],
        "redshift": ["getclustercredentials", "getclustercredentialswithiam"], "redshift-serverless": ["getcredentials"],
        "ec2": ["createkeypair", "getpassworddata"],
        "lightsail": [
            "createkeypair", "downloaddefaultkeypair", "getinstanceaccessdetails", "getrelationaldatabasemasteruserpassword",
            "createbucketaccesskey",
        ],
    ]

    private static func pairs(_ text: [UInt8]) -> [(name: String, value: String)] {
        text.split(separator: UInt8(ascii: "&")).map { piece in
            let equals = piece.firstIndex(of: UInt8(ascii: "=")) ?? piece.endIndex
            return (Self.text(decoded(piece[..<equals])), Self.text(decoded(piece[equals...].dropFirst())))
        }
    }

    private static func decoded(_ text: ArraySlice<UInt8>) -> [UInt8] { PercentEscapes.decoded(text, plusIsSpace: true) ?? Array(text) }

    /// In small letters: whether a service would take another spelling does not matter.
    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes.lowercasedBytes, as: UTF8.self) }
}
