import Model
import Redaction
import Testing

@Suite("How well a value withstands guessing")
struct GuessEstimateTests {
    private func bits(_ text: String) -> Int {
        let bytes = Array(text.utf8)
        return GuessEstimate.bits(of: SecretValue(copying: unsafe bytes.span.bytes))
    }

    @Test("random keys of sixteen bytes and more are no guess, in hexadecimal and in base64")
    func random() {
        var random = SeededGenerator()
        let hex = Array("0123456789abcdef".utf8)
        let base64 = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        for _ in 0..<300 * soak {
            for (alphabet, count) in [(hex, 32), (base64, 22), (base64, 43)] {
                let value = random.bytes(count, from: alphabet)
                #expect(!GuessEstimate.isGuessable(SecretValue(copying: unsafe value.span.bytes)), "\(shown(value)), seed \(random.seed)")
            }
        }
    }

    @Test("canaries are none either, nor are keys of providers and what a PEM block holds")
    func keys() {
        let pem = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n-----END PRIVATE KEY-----\n"
        for text in [
            "CANARY-redact-6f1c9ab2e7", "sk_live_51H8xKq2LrT9vWmZc", "ghp_Zk3vQ8mN1xR7tY2wP5sL9cB4dF6gH0jK1lM2", "AKIA5T2QX7RW3NPL8YVC", pem,
        ] {
            #expect(bits(text) >= GuessEstimate.enoughBits, "\(text): \(bits(text))")
        }
    }

    @Test(
        "what people think of is one, however long",
        arguments: [
            "", "a", "1234", "hunter2", "password", "P@ssw0rd123!", "Summer2025!", "19870412", "2025-11-28", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "0123456789abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba", "abcabcabcabcabcabcabcabc", "correct horse battery staple",
            "passwordpasswordpassword", "admin:changeme@localhost", "production", "true", "0101101001010110100101010110010101",
            "correcthorsebatterystaple", "12345678901234567890", "qwertyuiop", "letmein-letmein-letmein", "00000000-0000-0000-0000-000000000001",
        ])
    func guessable(text: String) { #expect(bits(text) < GuessEstimate.enoughBits, "\(bits(text))") }

    @Test("more of the same adds little, and a long value is not read to its end")
    func growth() {
        #expect(bits(String(repeating: "x", count: 1 << 20)) < 16)
        #expect(bits("hunter2") <= bits("hunter2-hunter2-x"))
        var random = SeededGenerator()
        let bytes = random.bytes(1 << 20, from: (0...255).map { UInt8($0) })
        #expect(GuessEstimate.bits(of: SecretValue(copying: unsafe bytes.span.bytes)) > 4000)
    }
}
