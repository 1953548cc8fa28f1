/// The paths of the API, built and matched from one place.
public enum WirePath {
    public static let status = "/v1/status"
    public static let vault = "/v1/vault"
    public static let backups = "/v1/backups"
    public static let restores = "/v1/restores"
    public static let backupChecks = "/v1/backups/checks"
    public static let backupDrills = "/v1/backups/drills"
    public static let backupGrants = "/v1/backups/grants"
    public static let scheduledBackups = "/v1/backups/scheduled"
    public static let unlock = "/v1/unlock"
    public static let recovery = "/v1/recovery"
    public static let lock = "/v1/lock"
    public static let stepUp = "/v1/step-up"
    public static let projects = "/v1/projects"
    public static let exists = "/v1/exists"
    public static let comparisons = "/v1/comparisons"
    public static let copies = "/v1/copies"
    public static let health = "/v1/health"
    public static let runs = "/v1/runs"
    public static let requests = "/v1/requests"
    public static let traffic = "/v1/traffic"
    public static let agentTokens = "/v1/agent-tokens"
    public static let policy = "/v1/policy"
    public static let policyExplain = "/v1/policy/explain"
    public static let agents = "/v1/agents"
    public static let tokens = "/v1/tokens"
    public static let tokenRevocation = "/v1/tokens/revocation"
    public static let panic = "/v1/panic"
    public static let approvals = "/v1/approvals"
    public static let accessRequests = "/v1/access-requests"
    public static let totp = "/v1/totp"
    public static let totpConfirmation = "/v1/totp/confirmation"
    public static let sessions = "/v1/sessions"
    public static let sessionSleep = "/v1/sessions/sleep"
    public static let sessionFiles = "/v1/sessions/files"
    public static let rules = "/v1/rules"
    public static let acknowledgements = "/v1/rules/acknowledgements"
    public static let slots = "/v1/slots"
    public static let recoverySlot = "/v1/slots/recovery"
    public static let passwordSlot = "/v1/slots/password"
    public static let password = "/v1/password"
    public static let rootRotation = "/v1/rotations/root"
    public static let organizationRotation = "/v1/rotations/organization"
    public static let rotations = "/v1/rotations"
    public static let rotationPortions = "/v1/rotations/portions"
    public static let audit = "/v1/audit"
    public static let auditVerification = "/v1/audit/verification"
    public static let auditExport = "/v1/audit/export"
    public static let auditPrunings = "/v1/audit/prunings"
    public static let auditProofs = "/v1/audit/proofs"
    public static let checkpoints = "/v1/audit/checkpoints"
    public static let doctor = "/v1/doctor"
    public static let clockAcceptance = "/v1/clock/acceptance"
    public static let rollbackAcceptance = "/v1/rollback/acceptance"

    public static func project(_ project: String) -> String { "\(projects)/\(encoded(project))" }
    public static func environments(_ project: String) -> String { "\(self.project(project))/environments" }
    public static func environment(_ project: String, _ environment: String) -> String {
        "\(environments(project))/\(encoded(environment))"
    }
    public static func secrets(_ project: String, _ environment: String) -> String {
        "\(self.environment(project, environment))/secrets"
    }
    /// One secret. The slashes of its name are percent-encoded: a name is one segment of the path.
    public static func secret(_ project: String, _ environment: String, _ name: String) -> String {
        "\(secrets(project, environment))/\(encoded(name))"
    }
    public static func imports(_ project: String, _ environment: String) -> String {
        "\(self.environment(project, environment))/imports"
    }
    public static func exports(_ project: String, _ environment: String) -> String {
        "\(self.environment(project, environment))/exports"
    }
    public static func history(_ project: String, _ environment: String) -> String {
        "\(self.environment(project, environment))/history"
    }
    public static func agent(_ name: String) -> String { "\(agents)/\(encoded(name))" }
    public static func outputReset(_ agent: String) -> String { "\(self.agent(agent))/output-reset" }
    public static func approval(_ id: String) -> String { "\(approvals)/\(encoded(id))" }
    public static func accessRequest(_ id: String) -> String { "\(accessRequests)/\(encoded(id))" }
    public static func slot(_ id: String) -> String { "\(slots)/\(encoded(id))" }

    /// Encodes a text as one path segment or query value: all but RFC 3986's unreserved characters.
    public static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = Array("0123456789ABCDEF".unicodeScalars)
                result.unicodeScalars.append(contentsOf: ["%", digits[Int(byte >> 4)], digits[Int(byte & 15)]])
            }
        }
        return result
    }

    /// Decodes what `encoded` made; nil for any other encoding, so that what is judged is what was sent.
    public static func decoded(_ text: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let result = String(validating: bytes, as: UTF8.self), encoded(result) == text else { return nil }
        return result
    }
}
