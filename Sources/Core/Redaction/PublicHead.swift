/// How many of a value's first bytes are everybody's: what a provider begins its tokens with, the first line of a PEM block, the header of a JSON web token. To have guessed
/// these is no achievement, and whoever guesses on behind them has as much before them as behind.
package enum PublicHead {
    /// What providers' tokens begin with, from their documentation, in no order.
    private static let prefixes: [StaticString] = [
        "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "gldt-", "glptt-", "glrt-", "glft-", "glcbt-", "glsoat-", "ATBB",
        "ATATT3xFfGF0", "sgp_",
        "lin_api_", "npm_", "pypi-", "pypi-AgEIcHlwaS5vcmc", "pypi-AgENdGVzdC5weXBpLm9yZw", "rubygems_", "cio", "dckr_pat_", "CLOJARS_", "sk-",
        "sk-proj-",
        "sk-svcacct-", "sk-admin-", "sk-ant-", "sk-ant-api03-", "sk-ant-admin01-", "sk-ant-oat01-", "sk-ant-ort01-", "sk-or-v1-", "AIza", "ya29.",
        "hf_", "r8_", "gsk_",
        "pplx-", "xai-", "pcsk_", "sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_", "xoxb-", "xoxp-", "xoxe-", "xoxe.xoxp-", "xoxe.xoxb-",
        "xapp-1-A", "SG.", "SK",
        "key-", "ntn_", "secret_", "pat", "figd_", "shpat_", "shpss_", "shpca_", "EAAA", "MT", "PMAK-", "BSA", "tfp_", "CFPAT-", "AKIA", "ASIA",
        "dop_v1_", "HRKU-AA",
        "nfp_", "sbp_", "pscale_tkn_", "dapi", "fo1_", "hvs.", "hvb.", "dp.pt.", "dp.st.", "glsa_", "NRAK-", "sntryu_", "sntrys_", "dt0c01.", "bkua_",
        "pul-", "pnu_",
        "AKCp", "tacit_", "postgres://", "postgresql://", "mysql://", "mongodb://", "mongodb+srv://", "redis://", "rediss://", "amqp://", "amqps://",
        "https://",
    ]
    /// What the content of keys begins with before the key itself, in base64: elliptic ones, and OpenSSH's.
    private static let bodies: [StaticString] = [
        "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg", "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDA", "MHcCAQEEI", "MIGkAgEBBDA",
        "MC4CAQAwBQYDK2VwBCIEI",
        "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZWQyNTUxOQAAACA",
    ]

    /// Of a whole value.
    package static func byteCount(of value: [UInt8]) -> Int {
        unsafe value.withUnsafeBytes { unsafe byteCount(of: LentBytes($0)) }
    }

    static func byteCount(of value: LentBytes) -> Int {
        if begins(value, with: "-----BEGIN ") {
            guard let line = end(of: .lineFeed, in: value) else { return 0 }
            return line + bodyByteCount(of: value.slice(line..<value.count))
        }
        if begins(value, with: "eyJ") { return end(of: UInt8(ascii: "."), in: value) ?? 0 }
        return prefixes.reduce(0) { longest, prefix in
            prefix.utf8CodeUnitCount > longest && begins(value, with: prefix) ? prefix.utf8CodeUnitCount : longest
        }
    }

    /// Of the content of a PEM block, or of its first line.
    static func bodyByteCount(of text: LentBytes) -> Int {
        bodies.reduce(0) { max($0, length(of: $1, at: text)) }
    }

    /// How many bytes of a text that a body begins, whatever the lines; nothing where something else stands.
    private static func length(of body: StaticString, at text: LentBytes) -> Int {
        var letters = Array(body.description.utf8)[...]
        for index in 0..<text.count {
            if letters.isEmpty { return index }
            if text[index].isLineEnd { continue }
            guard text[index] == letters.popFirst() else { return 0 }
        }
        return text.count
    }

    private static func end(of last: UInt8, in text: LentBytes) -> Int? { (0..<text.count).first { text[$0] == last }.map { $0 + 1 } }

    static func begins(_ text: LentBytes, with mark: StaticString) -> Bool {
        let mark = Array(mark.description.utf8)
        return text.count > mark.count && mark.indices.allSatisfy { text[$0] == mark[$0] }
    }
}
