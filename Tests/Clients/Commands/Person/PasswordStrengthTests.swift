import Testing

@testable import Commands

@Suite("The strength of a password")
struct PasswordStrengthTests {
    @Test(
        "the level is an honest one",
        arguments: [
            ("password", .weak), ("P@ssw0rd2024!", .weak), ("aaaaaaaaaaaaaaaaaaaaaaaa", .weak), ("abcdefghijklmnopqrst", .weak),
            ("qwertyuiopasdfghjkl", .weak), ("1234567890123456", .weak), ("Summer2026!", .weak), ("abcabcabcabcabcabcabcabc", .weak),
            ("iloveyou123", .weak), ("kT9#vQ2m", .weak), ("tarnish oblong kettle", .fair), ("zk7rw2mq9xb4tn", .fair),
            ("tarnish oblong kettle vortex", .good), ("mV7#qLt9!zRw2$Kx", .good), ("tarnish oblong kettle vortex plywood gnome", .strong),
            ("Xq4!vB9#mW2$kZ7&pL5*", .strong),
        ] as [(String, PasswordStrength.Level)])
    func levels(_ row: (password: String, level: PasswordStrength.Level)) {
        let strength = PasswordStrength(of: Array(row.password.utf8))
        #expect(strength.level == row.level, "\(strength.bits) bits, \(strength.reasons)")
    }

    @Test("the sentence says why, and what is stronger")
    func sentences() {
        #expect(PasswordStrength(of: Array("Summer2026!".utf8)).sentence.hasPrefix("weak (it has a common word, it is short). Four or more"))
        #expect(PasswordStrength(of: Array("Xq4!vB9#mW2$kZ7&pL5*".utf8)).sentence == "strong.")
        #expect(PasswordStrength(of: []).level == .weak)
    }

    @Test("more of the same never looks weaker")
    func longer() {
        var last = 0
        for count in 1...40 {
            let bits = PasswordStrength(of: Array("mV7#qLt9!zRw2$KxmB5%hYc8&jNd3*PfgT6@sXv".utf8.prefix(count))).bits
            #expect(bits >= last)
            last = bits
        }
    }
}
