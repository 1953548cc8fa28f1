/// Where programs look for a file of the certificates that they trust.
package enum TrustVariables {
    /// OpenSSL and Go, Node, Python's requests, curl, git, the AWS tools, pip, cargo, npm, Deno, Nix.
    package static let names = [
        "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "AWS_CA_BUNDLE", "PIP_CERT",
        "CARGO_HTTP_CAINFO", "NPM_CONFIG_CAFILE", "DENO_CERT", "NIX_SSL_CERT_FILE",
    ]
}
