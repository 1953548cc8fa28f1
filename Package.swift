// swift-tools-version: 6.2
import PackageDescription

// The folders are the architecture (docs/ARCHITECTURE.md): Core ← Engine ← Servers; Core ← Adapters; TacitWire ← Clients; Program sees all.
// `Scripts/check-layers` holds this file and every import line against the rules.

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let sqlite: [Target.Dependency] = ["GRDB", "GRDBSQLite"].map { .product(name: $0, package: "GRDB.swift") }
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
/// What a broker stands on besides: TLS, HTTP/2 and the certificates of its sessions.
let broker: [Target.Dependency] = [
    .product(name: "NIOSSL", package: "swift-nio-ssl"), .product(name: "NIOHTTP2", package: "swift-nio-http2"),
    .product(name: "NIOHPACK", package: "swift-nio-http2"),
    .product(name: "NIOTLS", package: "swift-nio"), .product(name: "X509", package: "swift-certificates"),
    .product(name: "SwiftASN1", package: "swift-asn1"),
]
let nio: [Target.Dependency] = ["NIOCore", "NIOPosix", "NIOHTTP1"].map { .product(name: $0, package: "swift-nio") }

/// One module of a layer and, unless `tests` is nil, its tests at `Tests/<layer>/<name>`.
func module(_ layer: String, _ name: String, _ dependencies: [Target.Dependency], tests: [Target.Dependency]? = []) -> [Target] {
    let source = Target.target(name: name, dependencies: dependencies, path: "Sources/\(layer)/\(name)", swiftSettings: strict)
    guard let tests else { return [source] }
    return [source, suite(name, at: "\(layer)/\(name)", [.init(stringLiteral: name)] + dependencies + tests)]
}

func suite(_ name: String, at path: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: dependencies, path: "Tests/\(path)", swiftSettings: strict)
}

func core(_ name: String, _ dependencies: Target.Dependency..., tests: [Target.Dependency]? = ["TestKit"]) -> [Target] {
    module("Core", name, dependencies, tests: tests)
}
func engine(_ name: String, _ dependencies: Target.Dependency...) -> [Target] {
    module("Engine", name, dependencies, tests: ["TestKit", "PasswordKeys"])
}
func adapter(_ name: String, _ dependencies: Target.Dependency..., tests: [Target.Dependency]? = ["TestKit"]) -> [Target] {
    module("Adapters", name, dependencies, tests: tests)
}
func server(_ name: String, _ dependencies: [Target.Dependency], tests: [Target.Dependency]? = ["TestKit"]) -> [Target] {
    module("Servers", name, dependencies, tests: tests)
}
func client(_ name: String, _ dependencies: Target.Dependency..., tests: [Target.Dependency]? = ["TestKit"]) -> [Target] {
    module("Clients", name, dependencies, tests: tests)
}
/// A program that tests drive from outside.
func fixture(_ name: String, at path: String, _ dependencies: Target.Dependency...) -> [Target] {
    [.executableTarget(name: name, dependencies: dependencies, path: "Tests/Fixtures/\(path)", swiftSettings: strict)]
}
func shim(_ name: String, linking libraries: String...) -> Target {
    .target(name: name, path: "Sources/CShims/\(name)", linkerSettings: libraries.map { .linkedLibrary($0) })
}

var targets: [Target] = [
    // Core: what is true
    core("PlaintextDoor", tests: nil),
    core("Model", "PlaintextDoor", "CLockedMemory"),
    core("Envelopes", "Model", "PlaintextDoor", crypto),
    core("Auditing", "Model", "PlaintextDoor", crypto),
    core("Policies", "Model", crypto),
    core("Approvals", "Model", "PlaintextDoor", crypto),
    core("Redaction", "Model", "PlaintextDoor", "CLetters", tests: ["TestKit", "CompressedMembers", "CPacking"]),
    core(
        "Brokering", "Model", "PlaintextDoor", "Envelopes", "Policies", "Redaction", crypto,
        .product(name: "HTTPTypes", package: "swift-http-types")),
    core("Storage", "Model", tests: nil),
    core("MCPSession", tests: ["TestKit", crypto]),
    core("TacitWire"),
    // Engine: what happens
    engine("Secrets", "Model", "PlaintextDoor", "Envelopes", "Auditing", "Policies", "Approvals", "Redaction", "Storage", "Brokering"),
    // Adapters: what it stands on
    adapter("SQLStorage", "Model", "Storage", tests: nil),
    module("Adapters", "SQLiteDatabase", ["Model", "Storage", "SQLStorage", "CSQLite"] + sqlite, tests: ["TestKit", "store-victim"]),
    adapter("PasswordKeys", "Model", "PlaintextDoor", "Envelopes", "CArgon2"),
    adapter("CompressedMembers", "Redaction", "CMembers", tests: ["CPacking"]),
    module(
        "Adapters", "ProcessRunner",
        ["Model", "PlaintextDoor", "Policies", "Redaction", "Brokering", "TacitWire", "CProcess", "CSandbox", "CRunStarter"],
        tests: ["TestKit", "CompressedMembers", "CPacking"]),
    adapter("StateFiles", "Model", "Storage"),
    adapter("KernelPeers", "Model"),
    // Servers: how it is reached
    server(
        "APIServer",
        [
            "Model", "PlaintextDoor", "TacitWire", "Secrets", "Storage", "Policies", "Approvals", "Auditing", "Envelopes", hummingbird,
            .product(name: "HTTPTypes", package: "swift-http-types"), .product(name: "Logging", package: "swift-log"),
            .product(name: "UnixSignals", package: "swift-service-lifecycle"),
        ] + nio),
    server(
        "BrokerServer",
        [
            "Model", "PlaintextDoor", "Policies", "Redaction", "Brokering", "Secrets", "CProcess", "CResolver", crypto,
            .product(name: "HTTPTypes", package: "swift-http-types"),
        ] + nio + broker,
        tests: ["TestKit", "CompressedMembers", "CPacking", .product(name: "NIOEmbedded", package: "swift-nio")]),
    // Clients: who reaches it
    client("TacitClient", "TacitWire"),
    client("Commands", "Policies", "TacitWire", "TacitClient", "MCPTools", "MCPSession", "CProcess", yams, argumentParser),
    client("MCPTools", "MCPSession", "TacitWire", crypto),
    // Tests' own library and programs
    fixture("mcp-fixture", at: "MCPFixture", "MCPSession", "MCPTools", "TacitWire"),
    fixture("store-victim", at: "StoreVictim", "Model", "Storage", "SQLiteDatabase", "TestKit"),
    fixture("runner-fixture", at: "RunnerFixture", "Model", "CompressedMembers", "ProcessRunner", "CProcess", "TacitWire"),
    [
        suite(
            "Reference", at: "Reference",
            [
                "Model", "Auditing", "Envelopes", "Policies", "Approvals", "Storage", "Brokering", "Secrets", "ProcessRunner", "StateFiles",
                "APIServer",
                "TacitWire",
                "MCPSession", "MCPTools",
                "Commands",
                "TestKit",
            ])
    ],
    [suite("TestKit", at: "TestKit", ["TestKit", "Model", "PlaintextDoor", "Storage"])],
    [.target(name: "TestKit", dependencies: ["Model", "PlaintextDoor", "Storage"], path: "Sources/TestKit", swiftSettings: strict)],
].flatMap { $0 }

targets.append(
    .executableTarget(
        name: "tacit",
        dependencies: [
            "Model", "Storage", "Auditing", "Policies", "TacitWire", "Secrets", "SQLiteDatabase", "PasswordKeys", "CompressedMembers",
            "ProcessRunner", "StateFiles", "KernelPeers",
            "APIServer", "BrokerServer", "Commands", "CProcess", "CWipingAllocator",
        ], path: "Sources/Program", swiftSettings: strict))

// C with one task each, where Swift's importer stops
targets += [
    shim("CLetters"),
    shim("CLockedMemory"),
    shim("CProcess"),
    shim("CResolver"),
    shim("CRunStarter"),
    shim("CSandbox"),
    shim("CSQLite"),
    shim("CWipingAllocator"),
    shim("CArgon2", linking: "argon2"),
    shim("CMembers", linking: "z", "zstd", "brotlidec", "brotlicommon"),
    .target(
        name: "CPacking", path: "Tests/Fixtures/CPacking",
        linkerSettings: ["z", "zstd", "brotlienc", "brotlicommon"].map { .linkedLibrary($0) }),
]

// What Scripts/benchmark measures with; nobody else needs it built
if Context.environment["TACIT_BENCHMARKS"] != nil {
    targets += [
        .executableTarget(name: "benchmark-noop", path: "Benchmarks/Noop", swiftSettings: strict),
        .executableTarget(name: "benchmark-stopwatch", path: "Benchmarks/Stopwatch"),
        .executableTarget(name: "benchmark-load", path: "Benchmarks/Load", swiftSettings: strict),
        .executableTarget(
            name: "benchmark-wire", path: "Benchmarks/Wire", cSettings: [.define("_GNU_SOURCE")],
            linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
        .executableTarget(name: "benchmark-core", dependencies: ["Model", "Auditing", "Redaction"], path: "Benchmarks/Core", swiftSettings: strict),
    ]
}

let package = Package(
    name: "tacit",
    products: [],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: targets
)
