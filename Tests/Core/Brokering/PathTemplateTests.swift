import Brokering
import Testing

@Suite struct PathTemplateTests {
    @Test(arguments: [
        "/", "", "/v1/chat/completions", "/repos/octo-org/hello-world/pulls/1347", "/files/release-2024-11-28-build-17.tar.gz",
        "/simple/typing-extensions/", "/v1/ConnectionConfigurations", "/orders/12345678901234567890", "/a/%C3%A9t%C3%A9", "/@scope%2fname",
        "/v2/library/alpine/manifests/latest", "/k8s-v1-27-gke-1-e2e",
    ]) func namesStay(_ path: String) { #expect(PathTemplate.of(path) == path) }

    @Test func aRequestWithAValueIsToldWithoutIt() {
        let asked = AskedRequest(
            scheme: "https", host: "da39a3ee5e6b4b0d3255bfef95601890afd80709.files.example.com", port: 443, method: "GET", path: "/a/b", uses: [])
        #expect(asked.withoutTarget.host == "….files.example.com" && asked.withoutTarget.path == "/…")
        #expect(PathTemplate.of(host: "api.github.com") == "api.github.com" && PathTemplate.of(host: "127.0.0.1") == "127.0.0.1")
    }

    @Test(arguments: [
        ("/v1/ghp_A1b2C3d4E5f6G7h8I9j0/x", "/v1/…/x"), ("/bot123456:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw/getMe", "/…/getMe"),
        ("/hooks/T000/B000/a1b2c3d4e5f6g7h8", "/hooks/T000/B000/…"), ("/k/550e8400-e29b-41d4-a716-446655440000", "/k/…"),
        ("/d/da39a3ee5e6b4b0d3255bfef95601890afd80709.json", "/d/…"), ("/s/abcdefghijklmnopqrstuvwxyzabcdef", "/s/…"),
        ("/s/x1_y2-z3_a4-b5_c6-d7_e8-", "/s/…"), ("//a1b2c3d4e5f6g7h8//", "//…//"),
    ]) func whatCouldBeACredentialDoesNot(_ path: String, _ written: String) { #expect(PathTemplate.of(path) == written) }
}
