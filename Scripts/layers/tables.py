"""The house's rules as tables (docs/ARCHITECTURE.md says why). A new target, edge or outside module is one line here, on purpose."""

# Layer → layers its targets may depend on.
LAYERS = {
    "Core": {"Core", "CShims"},
    "Engine": {"Core"},
    "Adapters": {"Core", "CShims"},
    "Servers": {"Engine", "Core", "CShims"},
    "Clients": {"Clients", "CShims"},
    "Program": {"Core", "Engine", "Adapters", "Servers", "Clients", "CShims"},
    "TestKit": {"Core"},
    "CShims": set(),
}

# Edges that the layers alone would forbid.
EXCEPTIONS = {
    ("SQLiteDatabase", "SQLStorage"),
    ("PostgresDatabase", "SQLStorage"),
    ("TacitClient", "TacitWire"),
    ("Commands", "TacitWire"),
    ("MCPTools", "TacitWire"),
    ("MCPTools", "MCPSession"),
    ("Commands", "MCPSession"),
    ("Commands", "Policies"),
}

# Target → our targets it may depend on. ANY: whatever its layer allows.
ANY = {"*"}
TARGETS = {
    "PlaintextDoor": set(),
    "Model": {"PlaintextDoor", "CLockedMemory"},
    "Envelopes": {"Model", "PlaintextDoor"},
    "Auditing": {"Model", "PlaintextDoor"},
    "Policies": {"Model"},
    "Approvals": {"Model", "PlaintextDoor"},
    "Redaction": {"Model", "PlaintextDoor", "CLetters"},
    "Brokering": {"Model", "PlaintextDoor", "Envelopes", "Policies", "Redaction"},
    "Storage": {"Model"},
    "MCPSession": set(),
    "TacitWire": set(),
    "Secrets": {"Model", "PlaintextDoor", "Envelopes", "Auditing", "Policies", "Approvals", "Redaction", "Storage", "Brokering"},
    "SQLStorage": {"Model", "Storage"},
    "SQLiteDatabase": {"Model", "Storage", "SQLStorage", "CSQLite"},
    "PasswordKeys": {"Model", "PlaintextDoor", "Envelopes", "CArgon2"},
    "CompressedMembers": {"Redaction", "CMembers"},
    "ProcessRunner": {"Model", "PlaintextDoor", "Policies", "Redaction", "Brokering", "TacitWire", "CProcess", "CSandbox", "CRunStarter"},
    "StateFiles": {"Model", "Storage"},
    "KernelPeers": {"Model", "CProcess"},
    "APIServer": {"Model", "PlaintextDoor", "TacitWire", "Secrets", "Storage", "Policies", "Approvals", "Auditing", "Envelopes"},
    "BrokerServer": {"Model", "PlaintextDoor", "Policies", "Redaction", "Brokering", "Secrets", "CProcess", "CResolver"},
    "TacitClient": {"TacitWire", "CProcess"},
    "Commands": {"Policies", "TacitWire", "TacitClient", "MCPTools", "MCPSession", "CProcess"},
    "MCPTools": {"MCPSession", "TacitWire", "TacitClient"},
    "tacit": ANY,
    "TestKit": ANY,
    "CLetters": set(),
    "CLockedMemory": set(),
    "CProcess": set(),
    "CResolver": set(),
    "CRunStarter": set(),
    "CSandbox": set(),
    "CSQLite": set(),
    "CArgon2": set(),
    "CMembers": set(),
    "CWipingAllocator": set(),
}

# Outside module → (the product that brings it, targets that may import it).
OUTSIDE = {
    "Crypto": ("Crypto", {"Envelopes", "Auditing", "Brokering", "Policies", "Approvals", "MCPTools", "BrokerServer"}),
    "GRDB": ("GRDB", {"SQLiteDatabase"}),
    "GRDBSQLite": ("GRDBSQLite", {"SQLiteDatabase"}),
    "Hummingbird": ("Hummingbird", {"APIServer"}),
    "HummingbirdCore": ("Hummingbird", {"APIServer"}),
    "HTTPTypes": ("HTTPTypes", {"APIServer", "Brokering", "BrokerServer"}),
    "NIOCore": ("NIOCore", {"APIServer", "BrokerServer"}),
    "NIOPosix": ("NIOPosix", {"APIServer", "BrokerServer"}),
    "NIOHTTP1": ("NIOHTTP1", {"APIServer", "BrokerServer"}),
    "NIOSSL": ("NIOSSL", {"BrokerServer"}),
    "NIOTLS": ("NIOTLS", {"BrokerServer"}),
    "NIOHTTP2": ("NIOHTTP2", {"BrokerServer"}),
    "NIOHPACK": ("NIOHPACK", {"BrokerServer"}),
    "X509": ("X509", {"BrokerServer"}),
    "SwiftASN1": ("SwiftASN1", {"BrokerServer"}),
    "Logging": ("Logging", {"APIServer"}),
    "UnixSignals": ("UnixSignals", {"APIServer"}),
    "ArgumentParser": ("ArgumentParser", {"Commands"}),
    "Yams": ("Yams", {"Commands", "Settings"}),
}

# Modules of the toolchain and system → layers that may import them; None means all.
SYSTEM = {
    "Swift": None,
    "Synchronization": None,
    "FoundationEssentials": None,
    "Foundation": {"Engine", "Adapters", "Servers", "Clients", "Program", "TestKit"},
    "Glibc": {"Adapters", "Servers", "Clients", "Program", "TestKit"},
    "Dispatch": {"Adapters", "Servers", "Clients", "Program"},
    "Testing": {"TestKit"},
}
# Core's exceptions, by file: one file of Model may use Glibc, should it have to.
SYSTEM_FILES: set[tuple[str, str]] = set()

# What Core may not say (it has no IO, no clock, no tasks; randomness is a parameter): pattern → what it is.
CORE_WORDS = {
    r"\bFileManager\b": "files",
    r"\bFileHandle\b": "files",
    r"\bProcessInfo\b": "the process",
    r"\bgetenv\b": "the environment",
    r"\bDate\(\)": "a clock",
    r"\bDate\.now\b": "a clock",
    r"\b(Continuous|Suspending)Clock\b": "a clock",
    r"\bTask(\.detached)?\s*[{(]": "a task",
    r"(?<![\w.])(debugP|p)rint\(": "output",
    r"\bSystemRandomNumberGenerator\b": "randomness",
}
CORE_WORD_FILES = {("randomness", "Sources/Core/Model/RandomBytes.swift")}

# What no source file may say: pattern → why.
REFUSED = {
    r"\btry!": "a failed try! ends the process",
    r"\bas!": "a failed as! ends the process",
    r"\bfatalError\(": "a broken invariant is a precondition whose message starts with \"internal:\"",
    r"(?<=[\w)\]}\"?])!(?=$|[\s.,:;)\]}\[(?!])": "a force unwrap ends the process",
    r"@_exported\b": "each file imports what it uses",
    r"@unchecked\s+Sendable\b": "the compiler checks Sendable, unless the table of exceptions says why it cannot",
}
# Exceptions: (pattern, file) → why it holds there.
UNCHECKED = r"@unchecked\s+Sendable\b"
REFUSED_FILES = {
    (UNCHECKED, "Sources/Adapters/SQLiteDatabase/StoreConnection.swift"): "used on the one queue that owns it",
    (UNCHECKED, "Sources/Clients/TacitClient/RunStream.swift"): "one thread sends, one reads, and they share no state",
    (UNCHECKED, "Sources/Core/Redaction/HeldBytes.swift"): "noncopyable: it has one owner",
    (UNCHECKED, "Sources/Core/Redaction/Members/MemberWatch.swift"): "noncopyable: it has one owner, and what it reads members with has none but it",
    (UNCHECKED, "Sources/Core/Redaction/Scratch.swift"): "noncopyable: it has one owner",
    (UNCHECKED, "Sources/Servers/APIServer/Connection/BodyReader.swift"): "the route has stopped reading before the answer begins",
}

LONGEST_FILE = 400
# Other files whose length a page promises: what runs as root is to be read in one go (docs/OWN-UID.md).
LONGEST_FILES = {"Sources/CShims/CRunStarter/CRunStarter.c": 300}
PUBLIC_TARGETS = {"TacitWire", "TacitClient"}
NEVER_PLAINTEXT = {"MCPTools", "MCPSession", "TacitWire", "TacitClient", "Commands", "Storage", "SQLStorage", "SQLiteDatabase", "Policies"}
DOOR_FILE = "Sources/Core/PlaintextDoor/PlaintextDoor.swift"
VALUE_FILE = "Sources/Core/Model/SecretValue.swift"
AUTHORIZER_FILE = "Sources/Engine/Secrets/Access/Authorizer.swift"
PLAINTEXT_PAGE = "docs/THREAT-MODEL.md"
NO_REASON = "(say why it must read plaintext)"
